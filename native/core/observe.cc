#include "observe.hh"

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

std::shared_ptr<Observer> Observer::trace(hc_classifier* filter, uint32_t limit, uint32_t snap) {
  std::shared_ptr<Observer> o(new Observer());
  o->filter_ = filter;
  o->left_ = limit;
  o->snap_ = snap;
  return o;
}

std::shared_ptr<Observer> Observer::tap(const std::string& element, uint32_t port, bool input,
                                        uint32_t snap) {
  std::shared_ptr<Observer> o(new Observer());
  o->kind_ = Kind::tap;
  o->element_ = element;
  o->port_ = port;
  o->input_ = input;
  o->snap_ = snap;
  return o;
}

Observer::~Observer() {
  if (filter_) classifier_free(filter_);
}

bool Observer::watches(const Node& from, uint32_t port, const Node* to, uint32_t to_port) const {
  if (kind_ == Kind::trace) return true;
  return input_ ? to && to->name == element_ && to_port == port_ : from.name == element_ && port == port_;
}

bool Observer::follow(const hc_packet& p) {
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

void Observer::emit(Event& event, const hc_packet& p) {
  event.length = p.length;
  const uint32_t n = p.length < snap_ ? p.length : snap_;
  if (!ring_.put({{reinterpret_cast<const char*>(&event), sizeof(event)},
                  {reinterpret_cast<const char*>(p.data), n}})) {
    lost_.fetch_add(1, std::memory_order_relaxed);
  }
}

void Observer::see(const Node& from, uint32_t from_port, const Node* to, uint32_t to_port,
                   hc_packet* const* packets, uint32_t n) {
  Event event = {};
  const hc_shard* shard = from.instance.shard;
  event.time = shard->now + shard->wall_offset;
  event.shard = static_cast<uint8_t>(shard->index);
  event.kind = to ? 'h' : 'e';
  event.from_port = static_cast<uint16_t>(from_port);
  event.to_port = static_cast<uint16_t>(to_port);
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

void Observer::see_drop(const Node& node, uint32_t reason, hc_packet* const* packets, uint32_t n) {
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

Instrumentation::Instrumentation(std::shared_ptr<ShardGraph> graph,
                                 std::vector<std::shared_ptr<Observer>> observers)
    : graph_(std::move(graph)),
      observers_(std::move(observers)),
      push_(graph_->push_edges()),
      pull_(graph_->pull_edges()) {
  for (uint32_t i = 0; i < graph_->nodes().size(); ++i) probe_node(*graph_->nodes()[i], i);
}

void Instrumentation::probe_node(const Node& node, uint32_t index) {
  auto add = [this](const Node& from, uint32_t from_port, const Node* to, uint32_t to_port) -> Probe* {
    auto probe = std::make_unique<Probe>();
    for (const auto& o : observers_) {
      if (o->watches(from, from_port, to, to_port)) probe->observers.push_back(o.get());
    }
    if (probe->observers.empty()) return nullptr;
    probe->owner = this;
    probe->from = &from;
    probe->from_port = from_port;
    probe->to = to;
    probes_.push_back(std::move(probe));
    return probes_.back().get();
  };
  for (uint32_t port = 0; port < node.instance.noutputs; ++port) {
    hc_push_edge& edge = push_[graph_->push_begin(index) + port];
    const Node* to = graph_->push_target(graph_->push_begin(index) + port);
    if (!to) continue;
    Probe* probe = add(node, port, to, edge.port);
    if (!probe) continue;
    probe->push = edge;
    edge = {push_through, probe, edge.port, 0};
  }
  for (uint32_t port = 0; port < node.instance.ninputs; ++port) {
    hc_pull_edge& edge = pull_[graph_->pull_begin(index) + port];
    const Node* from = graph_->pull_source(graph_->pull_begin(index) + port);
    if (!from) continue;
    Probe* probe = add(*from, edge.port, &node, port);
    if (!probe) continue;
    probe->pull = edge;
    edge = {pull_through, probe, port, 0};
  }
}

void Instrumentation::push_through(void* object, uint32_t port, hc_batch* batch) {
  auto* p = static_cast<Probe*>(object);
  for (Observer* o : p->observers) o->see(*p->from, p->from_port, p->to, port, batch->packets, batch->count);
  p->push.push(p->push.object, p->push.port, batch);
}

uint32_t Instrumentation::pull_through(void* object, uint32_t port, hc_batch* batch, uint32_t max) {
  auto* p = static_cast<Probe*>(object);
  const uint32_t before = batch->count;
  const uint32_t n = p->pull.pull(p->pull.object, p->pull.port, batch, max);
  for (Observer* o : p->observers) o->see(*p->from, p->from_port, p->to, port, batch->packets + before, n);
  return n;
}

void Instrumentation::apply(Shard& shard, bool on) {
  graph_->use_edges(on ? push_.data() : nullptr, on ? pull_.data() : nullptr);
  shard.face()->tracing = on ? 1 : 0;
  shard.instrumentation = on ? this : nullptr;
}

bool ObserveCommand::step(Shard& shard) {
  if (shard.instrumentation) shard.instrumentation->apply(shard, false);
  if (next_ && next_->graph() == shard.graph()) next_->apply(shard, true);
  return true;
}

}  // namespace hotclick::core
