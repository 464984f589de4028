/// The way of a batch through the rewriter.
#include "rewriter.hpp"

namespace hotclick::flow {

/// Rewrites by the record in `slot` and keeps it alive. Writes the record only when its time of expiry or its
/// flags change: once in a tick of 100 ms.
inline uint16_t IPRewriter::apply(Packet& p, uint8_t* transport, uint32_t slot) {
  auto& ip = *reinterpret_cast<Ipv4Header*>(p.network());
  Mapping& m = mappings.value(slot);
  uint8_t flags = m.flags;
  if (ip.protocol == protocol_tcp) {
    const auto& tcp = *reinterpret_cast<const TcpHeader*>(transport);
    if (HC_UNLIKELY(tcp.flags & (tcp_fin | tcp_rst))) flags |= mapping_done;
    // A new handshake over the remains of a finished connection (RFC 6191) is a connection in use again.
    if (HC_UNLIKELY(tcp.flags & tcp_syn)) flags &= static_cast<uint8_t>(~mapping_done);
    const uint32_t headers = ip.header_length() + tcp.header_length();
    if (net16(ip.total_length) > headers) flags |= mapping_data;
  } else {
    flags |= mapping_data;
  }
  if (HC_UNLIKELY(flags != m.flags || (m.packets < 3 && ip.protocol == protocol_udp))) learn(slot, m, flags);
  const uint32_t expires = shard()->ticks + timeouts.of(ip.protocol, m.flags);
  if (mappings.record(slot).expires != expires) {
    mappings.record(slot).expires = expires;
    mappings.mark_dirty(slot);
  }
  rewrite(ip, transport, m);
  if (set_destination) p.destination = m.destination;
  return m.output;
}

void IPRewriter::push(uint32_t port, Batch& batch) {
  FlowId ids[HC_BATCH_CAPACITY];
  uint8_t* transports[HC_BATCH_CAPACITY];
  uint32_t slots[HC_BATCH_CAPACITY];
  uint16_t ports[HC_BATCH_CAPACITY];
  const uint32_t n = batch.count;
  if (HC_UNLIKELY(n == 0)) return;
  look(batch, ids, transports, slots);
  erased = false;
  bool gone = false;
  for (uint32_t i = 0; i < n; ++i) {
    if (HC_UNLIKELY(!transports[i])) {
      ports[i] = specs[port].kind == SpecKind::pass ? specs[port].forward_output
                                                    : static_cast<uint16_t>(drop(Drop::not_rewritable));
      continue;
    }
    uint32_t slot = slots[i];
    if (HC_UNLIKELY(slot == no_slot || erased)) slot = find_again(ids[i]);
    if (HC_UNLIKELY(slot == no_slot)) slot = open(port, batch[i], ids[i], ports[i]);
    if (HC_LIKELY(slot != no_slot))
      ports[i] = apply(batch[i], transports[i], slot);
    else
      gone |= ports[i] == handed_over;
  }
  if (HC_UNLIKELY(gone)) leave_out_handed_over(batch, ports);
  split(batch, ports);
}

/// Tells both directions what one has seen, so that each can work out its timeout alone.
void IPRewriter::learn(uint32_t slot, Mapping& m, uint8_t flags) {
  if (m.packets < 3 && ++m.packets == 3) flags |= mapping_long;
  m.flags = flags;
  mappings.mark_dirty(slot);
  const uint32_t partner = partner_of(mappings, slot);
  if (partner == no_slot) return;
  Mapping& other = mappings.value(partner);
  other.packets = m.packets;
  other.flags = static_cast<uint8_t>((other.flags & (mapping_data | mapping_reply)) |
                                     (flags & (mapping_done | mapping_long)) |
                                     (flags & mapping_data ? mapping_peer_data : 0));
  // Nothing may come from there any more, and the flow lives as long as either direction does.
  if (flags & mapping_done)
    mappings.record(partner).expires = shard()->ticks + timeouts.of(mappings.key(slot).protocol, other.flags);
  mappings.mark_dirty(partner);
}

}  // namespace hotclick::flow
