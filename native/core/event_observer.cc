#include "event_observer.hh"

#include <cstring>
#include <hotclick/batch.hpp>
#include <hotclick/net.hpp>

#include "classifier/classifier.hh"
#include "shard.hh"

namespace hotclick::core {
namespace {

template <size_t N>
void copy_text(char (&to)[N], const std::string& from) {
  const size_t n = from.size() < N - 1 ? from.size() : N - 1;
  memcpy(to, from.data(), n);
  to[n] = 0;
}

/// The packet as a filter wants it: with its IPv4 header found, where no element has marked it yet.
void find_headers(hc_packet& p) {
  if (p.network_offset != 0) return;
  uint32_t at = 0;
  if (p.length >= 14) {
    uint16_t type;
    memcpy(&type, p.data + 12, 2);
    at = 14;
    if (type == net16(ether_vlan) && p.length >= 18) {
      memcpy(&type, p.data + 16, 2);
      at = 18;
    }
    if (type != net16(ether_ipv4)) return;
  }
  if (p.length < at + 20 || (p.data[at] >> 4) != 4) return;
  const uint32_t header = (p.data[at] & 15u) * 4u;
  if (header < 20 || p.length < at + header) return;
  p.network_offset = static_cast<uint16_t>(p.data + at - p.buffer);
  p.transport_offset = static_cast<uint16_t>(p.network_offset + header);
}

}  // namespace

std::shared_ptr<EventObserver> EventObserver::trace(hc_classifier* filter, uint32_t limit, uint32_t snap) {
  std::shared_ptr<EventObserver> o(new EventObserver());
  o->filter_ = filter;
  o->left_ = limit;
  o->snap_ = snap;
  return o;
}

std::shared_ptr<EventObserver> EventObserver::tap(const std::string& element, uint32_t port, bool input,
                                                  uint32_t snap) {
  std::shared_ptr<EventObserver> o(new EventObserver());
  o->kind_ = Kind::tap;
  o->element_ = element;
  o->port_ = port;
  o->input_ = input;
  o->snap_ = snap;
  return o;
}

EventObserver::~EventObserver() {
  if (filter_) classifier_free(filter_);
}

bool EventObserver::watches(const Node& from, uint32_t port, const Node* to, uint32_t to_port) const {
  if (kind_ == Kind::trace) return true;
  return input_ ? to && to->name == element_ && to_port == port_ : from.name == element_ && port == port_;
}

bool EventObserver::follow(const hc_packet& p) {
  if (!filter_) return true;
  hc_packet copy = p;
  find_headers(copy);
  hc_batch one;
  one.count = 1;
  one.packets[0] = &copy;
  uint16_t port = HC_NO_PORT;
  classify(filter_, &one, &port);
  return port == 0;
}

void EventObserver::emit(Event& event, const hc_packet& p) {
  event.length = p.length;
  const uint32_t n = p.length < snap_ ? p.length : snap_;
  if (!ring_.put({{reinterpret_cast<const char*>(&event), sizeof(event)},
                  {reinterpret_cast<const char*>(p.data), n}})) {
    lost_.fetch_add(1, std::memory_order_relaxed);
  }
}

void EventObserver::see(const Passage& passage, hc_packet* const* packets, uint32_t n) {
  const Node& from = passage.from;
  const Node* to = passage.to;
  Event event = {};
  const hc_shard* shard = from.instance.shard;
  event.time = shard->now + shard->wall_offset;
  event.shard = static_cast<uint8_t>(shard->index);
  event.kind = to ? 'h' : 'e';
  event.from_port = static_cast<uint16_t>(passage.from_port);
  event.to_port = static_cast<uint16_t>(passage.to_port);
  copy_text(event.from, from.name);
  copy_text(event.from_version, from.version);
  if (to) copy_text(event.to, to->name);
  for (uint32_t i = 0; i < n; ++i) {
    hc_packet& p = *packets[i];
    if (kind_ == Kind::trace) {
      if (!(p.flags & HC_PACKET_TRACE_SEEN)) {
        p.flags |= HC_PACKET_TRACE_SEEN;
        if (left_ != 0 && follow(p)) {
          --left_;
          p.flags |= HC_PACKET_TRACED;
          p.trace_id = next_id_++;
        }
      }
      if (!(p.flags & HC_PACKET_TRACED)) continue;
      event.packet = p.trace_id;
    }
    emit(event, p);
  }
}

void EventObserver::see_drop(const Node& node, uint32_t reason, hc_packet* const* packets, uint32_t n) {
  if (kind_ != Kind::trace) return;
  Event event = {};
  const hc_shard* shard = node.instance.shard;
  event.time = shard->now + shard->wall_offset;
  event.shard = static_cast<uint8_t>(shard->index);
  event.kind = 'd';
  event.reason = static_cast<uint16_t>(reason);
  copy_text(event.from, node.name);
  copy_text(event.from_version, node.version);
  if (reason < node.descriptor->ndrops) copy_text(event.reason_text, node.descriptor->drops[reason].name);
  for (uint32_t i = 0; i < n; ++i) {
    if (!(packets[i]->flags & HC_PACKET_TRACED)) continue;
    event.packet = packets[i]->trace_id;
    emit(event, *packets[i]);
  }
}

}  // namespace hotclick::core
