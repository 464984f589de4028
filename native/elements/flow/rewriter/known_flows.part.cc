/// Which packets belong to flows of this version: asked while a newer version runs beside it.
#include "rewriter.hpp"

namespace hotclick::flow {

void IPRewriter::knows(uint32_t, Batch& batch, uint8_t* known) {
  FlowId ids[HC_BATCH_CAPACITY];
  uint8_t* transports[HC_BATCH_CAPACITY];
  uint32_t slots[HC_BATCH_CAPACITY];
  look(batch, ids, transports, slots);
  for (uint32_t i = 0; i < batch.count; ++i) known[i] = knows_one(transports[i], ids[i], slots[i]);
}

inline bool IPRewriter::knows_one(const uint8_t* transport, const FlowId& id, uint32_t slot) {
  // A packet before this one in the batch may have ended the flow.
  if (!transport || slot == no_slot || !is_live(mappings.record(slot))) return false;
  if (HC_UNLIKELY(!mappings.is_current(slot))) {  // a flow lives as long as either of its directions
    const uint32_t partner = partner_of(mappings, slot);
    if (partner == no_slot || !mappings.is_current(partner)) return false;
  }
  if (HC_LIKELY(!(mappings.value(slot).flags & mapping_done)) || id.protocol != protocol_tcp) return true;
  const uint8_t flags = reinterpret_cast<const TcpHeader*>(transport)->flags;
  if ((flags & (tcp_syn | tcp_ack)) != tcp_syn) return true;
  erase_pair(mappings,
             slot);  // a handshake over the remains of a finished connection (RFC 6191) is another one
  return false;
}

}  // namespace hotclick::flow
