/// Pairs of records: making them, ending them, and making room.
#include "eviction.hpp"

namespace hotclick::flow {

void fill_mapping(Mapping& m, const FlowId& from, const FlowId& to) {
  m.source = to.source;
  m.destination = to.destination;
  m.source_port = to.source_port;
  m.destination_port = to.destination_port;
  const auto inverted = [](uint16_t v) -> uint64_t { return static_cast<uint16_t>(~v); };
  const uint64_t addresses = static_cast<uint64_t>(static_cast<uint32_t>(~from.source)) +
                             static_cast<uint32_t>(~from.destination) + to.source + to.destination;
  const uint64_t ports =
      inverted(from.source_port) + inverted(from.destination_port) + to.source_port + to.destination_port;
  m.ip_adjust = static_cast<uint16_t>(~checksum_fold(addresses));
  m.transport_adjust = static_cast<uint16_t>(~checksum_fold(addresses + ports));
}

uint32_t partner_of(const MappingTable& table, uint32_t slot) {
  const FlowId& key = table.key(slot);
  const uint32_t partner = table.record(slot).link;
  if (partner >= table.table->capacity) return no_slot;
  if (!is_live(settled_record(table, partner))) return no_slot;
  const FlowId expected = table.value(slot).rewritten(key.protocol).reversed();
  return memcmp(&table.key(partner), &expected, sizeof(FlowId)) == 0 ? partner : no_slot;
}

void erase_pair(MappingTable& table, uint32_t slot) {
  const uint32_t partner = partner_of(table, slot);
  if (partner != no_slot && partner != slot) table.erase(partner);
  table.erase(slot);
}

uint32_t insert_pair(MappingTable& table, const FlowId& from, const FlowId& to, uint8_t input,
                     uint8_t forward_output, uint8_t reply_output) {
  if (table.size() + 2 > table.table->capacity) return no_slot;
  const uint32_t forward = table.insert(from);
  if (forward == no_slot) return no_slot;
  const FlowId answer = to.reversed();
  // A flow rewritten into its own mirror image would be one record with two meanings; the caller has excluded
  // it.
  const uint32_t reply = table.insert(answer);
  if (reply == no_slot) {
    table.erase(forward);
    return no_slot;
  }
  Mapping& f = table.value(forward);
  fill_mapping(f, from, to);
  f.output = forward_output;
  f.peer_output = reply_output;
  f.input = input;
  Mapping& r = table.value(reply);
  fill_mapping(r, answer, from.reversed());
  r.output = reply_output;
  r.peer_output = forward_output;
  r.input = input;
  r.flags = mapping_reply;
  table.record(forward).link = reply;
  table.record(reply).link = forward;
  return forward;
}

bool give_up_one(MappingTable& table, const TimeoutTable& timeouts, uint32_t& at) {
  constexpr uint32_t sample = 64;
  const uint32_t slots = table.table->capacity;
  if (slots == 0 || table.size() + 2 <= slots) return false;
  const uint32_t now = table.table->shard->ticks;
  uint32_t victim = no_slot, nearest = UINT32_MAX;
  at %= slots;
  for (uint32_t i = 0; i < sample && i < slots; ++i, at = at + 1 == slots ? 0 : at + 1) {
    if (!is_live(settled_record(table, at))) continue;
    const uint8_t protocol = table.key(at).protocol;
    uint32_t left = ticks_left(table.record(at), now);
    const uint32_t partner = partner_of(table, at);
    if (partner != no_slot) {
      const uint32_t other = ticks_left(table.record(partner), now);
      if (other > left) left = other;
    }
    const uint32_t whole = timeouts.of(protocol, table.value(at).flags);
    const uint32_t idle = whole > left ? whole - left : 0;
    if (idle < timeouts.guarantee(protocol) || left >= nearest) continue;
    nearest = left;
    victim = at;
  }
  if (victim == no_slot) return false;
  erase_pair(table, victim);
  return true;
}

void TimeoutTable::set(const RewriterTimeouts& t) {
  const uint32_t streaming = t.udp_streaming.ns != 0 ? t.udp_streaming.ticks() : t.udp.ticks();
  for (uint32_t flags = 0; flags <= mapping_timeout_bits; ++flags) {
    const bool both = (flags & mapping_data) && (flags & mapping_peer_data);
    tcp_[flags] = atleast(flags & mapping_done ? t.tcp_done.ticks()
                          : both               ? t.tcp.ticks()
                                               : t.tcp_no_data.ticks());
    udp_[flags] = atleast(both && (flags & mapping_long) ? streaming : t.udp.ticks());
  }
  tcp_guarantee_ = t.tcp_guarantee.ticks();
  udp_guarantee_ = t.udp_guarantee.ticks();
}

}  // namespace hotclick::flow
