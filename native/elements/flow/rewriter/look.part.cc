/// Reads packets as the rewriter needs them.
#include "rewriter.hpp"

namespace hotclick::flow {

namespace {

/// The transport header of a packet that can be rewritten (TCP or UDP over IPv4, not a later fragment), and
/// its flow. Null for any other packet.
uint8_t* rewritable(Packet& p, FlowId& id) {
  const uint32_t length = p.network_length();
  if (length < sizeof(Ipv4Header)) return nullptr;
  uint8_t* network = p.network();
  const auto& ip = *reinterpret_cast<const Ipv4Header*>(network);
  const uint32_t header = ip.header_length();
  const uint32_t total = net16(ip.total_length);
  const uint32_t need = ip.protocol == protocol_tcp ? sizeof(TcpHeader) : sizeof(UdpHeader);
  if (ip.version() != 4 || header < sizeof(Ipv4Header) || total > length || header + need > total)
    return nullptr;
  if ((ip.protocol != protocol_tcp && ip.protocol != protocol_udp) || !ip.first_fragment()) return nullptr;
  uint8_t* transport = network + header;
  memcpy(&id.source, &ip.source, 8);
  memcpy(&id.source_port, transport, 4);
  id.protocol = ip.protocol;
  memset(id.zero, 0, sizeof(id.zero));
  return transport;
}

}  // namespace

/// The flow of every packet of the batch, and the slot of its mapping.
void IPRewriter::look(Batch& batch, FlowId* ids, uint8_t** transports, uint32_t* slots) {
  const uint32_t n = batch.count;
  for (uint32_t i = 0; i < n; ++i) {
    if (i + 8 < n) prefetch(batch.packets[i + 8]);
    if (i + 4 < n) prefetch_write(batch.packets[i + 4]->data);
    transports[i] = rewritable(batch[i], ids[i]);
    if (HC_UNLIKELY(!transports[i])) ids[i] = {};
  }
  mappings.find_batch(ids, n, slots);
}

}  // namespace hotclick::flow
