/// Which packets belong to connections of this version: asked while a newer version runs beside it.
#include "base.hpp"

namespace hotclick::firewall {

void FirewallBase::knows(uint32_t side, Batch& batch, uint8_t* known) {
  FlowKey keys[HC_BATCH_CAPACITY];
  PacketView views[HC_BATCH_CAPACITY];
  uint32_t slots[HC_BATCH_CAPACITY];
  view_packets(batch, side, keys, views);
  connections.find_batch(keys, batch.count, slots);
  bool later = false;
  for (uint32_t i = 0; i < batch.count; ++i) {
    known[i] = knows_one(views[i], slots[i]);
    later |= views[i].kind == PacketKind::later_fragment;
  }
  if (HC_UNLIKELY(later)) mark_later_fragments(side, batch, views, known);
}

inline bool FirewallBase::knows_one(const PacketView& v, uint32_t slot) {
  // A packet before this one in the batch may have ended the connection.
  if (slot == no_slot || !flow::is_live(connections.record(slot)) || !connections.is_current(slot))
    return false;
  if (v.kind == PacketKind::icmp_error || v.kind == PacketKind::answer) return true;
  if (v.kind != PacketKind::connection) return false;
  if (HC_LIKELY(v.protocol != protocol_tcp) || !begins_anew(v, slot)) return true;
  connections.erase(slot);
  return false;
}

/// A handshake with the ends of a connection that is over: it is another connection (RFC 6191).
bool FirewallBase::begins_anew(const PacketView& v, uint32_t slot) const {
  const uint8_t flags = reinterpret_cast<const TcpHeader*>(v.transport)->flags;
  if ((flags & (tcp_syn | tcp_ack)) != tcp_syn) return false;
  const ConnectionState state = connections.value(slot).state;
  return state == ConnectionState::time_wait || state == ConnectionState::closed;
}

/// The fragments of a datagram go where its first one went, which may stand before them in this batch.
void FirewallBase::mark_later_fragments(uint32_t side, Batch& batch, const PacketView* views,
                                        uint8_t* known) {
  FragmentKey first[HC_BATCH_CAPACITY];
  uint32_t count = 0;
  for (uint32_t i = 0; i < batch.count; ++i) {
    if (views[i].fragment && known[i]) first[count++] = datagram_of(side, batch[i]);
    if (views[i].kind != PacketKind::later_fragment) continue;
    const FragmentKey key = datagram_of(side, batch[i]);
    const uint32_t slot = fragments.find(key);
    known[i] = slot != no_slot && fragments.is_current(slot);
    for (uint32_t k = count; k-- > 0 && !known[i];) known[i] = memcmp(&first[k], &key, sizeof(key)) == 0;
  }
}

}  // namespace hotclick::firewall
