/// What IPRewriter remembers of a flow: two records, one for each direction, each leading to the other.
#pragma once
#include "../records.hpp"

namespace hotclick::flow {

/// A flow as a packet shows it; ports and addresses in network order.
struct FlowId {
  uint32_t source, destination;
  uint16_t source_port, destination_port;
  uint8_t protocol;
  uint8_t zero[3];

  FlowId reversed() const { return {destination, source, destination_port, source_port, protocol, {}}; }
};
static_assert(sizeof(FlowId) == 16);
constexpr auto flow_id_v1 =
    schema<FlowId>(1, detail::make_field<Ipv4Address>("source", offsetof(FlowId, source)),
                   detail::make_field<Ipv4Address>("destination", offsetof(FlowId, destination)),
                   HC_FIELD_AS(FlowId, source_port, Port), HC_FIELD_AS(FlowId, destination_port, Port),
                   HC_FIELD(FlowId, protocol), HC_FIELD(FlowId, zero));

// Mapping::flags
inline constexpr uint8_t mapping_data = 1;       // this direction has carried TCP payload, or a UDP packet
inline constexpr uint8_t mapping_peer_data = 2;  // so has the other
inline constexpr uint8_t mapping_done = 4;       // FIN or RST was seen in either direction
inline constexpr uint8_t mapping_long = 8;       // UDP: three packets or more in all
inline constexpr uint8_t mapping_timeout_bits = 15;
inline constexpr uint8_t mapping_reply = 16;  // this is the direction of the replies

/// How packets of one direction are rewritten. The partner's slot stands in the record's `link`.
struct Mapping {
  uint32_t source, destination;  // new addresses and ports, network order
  uint16_t source_port, destination_port;
  uint16_t ip_adjust, transport_adjust;  // added to the complemented checksums (RFC 1624)
  uint8_t output;
  uint8_t peer_output;
  uint8_t input;  // the input whose specification made the flow
  uint8_t flags;
  uint8_t packets;  // of both directions, up to 3
  uint8_t reserved[3];

  /// The flow as it looks after rewriting.
  FlowId rewritten(uint8_t protocol) const {
    return {source, destination, source_port, destination_port, protocol, {}};
  }
};
static_assert(sizeof(hc_record) + sizeof(FlowId) + sizeof(Mapping) <= 64, "a record lies in one cache line");
// Version 1 had eight bytes more, which were no field.
constexpr auto mapping_v2 =
    schema<Mapping>(2, detail::make_field<Ipv4Address>("source", offsetof(Mapping, source)),
                    detail::make_field<Ipv4Address>("destination", offsetof(Mapping, destination)),
                    HC_FIELD_AS(Mapping, source_port, Port), HC_FIELD_AS(Mapping, destination_port, Port),
                    HC_FIELD(Mapping, ip_adjust), HC_FIELD(Mapping, transport_adjust),
                    HC_FIELD(Mapping, output), HC_FIELD(Mapping, peer_output), HC_FIELD(Mapping, input),
                    HC_FIELD(Mapping, flags), HC_FIELD(Mapping, packets));

/// The mapping that turns `from` into `to`.
void fill_mapping(Mapping& m, const FlowId& from, const FlowId& to);

/// RFC 1624, equation 3, with the sum of all changed words worked out beforehand.
inline uint16_t adjusted(uint16_t sum, uint16_t adjust) {
  uint32_t s = static_cast<uint16_t>(~sum) + static_cast<uint32_t>(adjust);
  s = (s & 0xFFFF) + (s >> 16);
  return static_cast<uint16_t>(~s);
}

/// Writes the new addresses and ports and repairs the checksums. The caller has checked that the IP header
/// and the transport header up to its checksum lie in the packet.
inline void rewrite(Ipv4Header& ip, uint8_t* transport, const Mapping& m) {
  ip.source = m.source;
  ip.destination = m.destination;
  ip.checksum = adjusted(ip.checksum, m.ip_adjust);
  if (ip.protocol == protocol_tcp) {
    auto& tcp = *reinterpret_cast<TcpHeader*>(transport);
    tcp.source_port = m.source_port;
    tcp.destination_port = m.destination_port;
    tcp.checksum = adjusted(tcp.checksum, m.transport_adjust);
  } else {
    auto& udp = *reinterpret_cast<UdpHeader*>(transport);
    udp.source_port = m.source_port;
    udp.destination_port = m.destination_port;
    // RFC 768: zero says that there is no checksum; a sum that comes out as zero is sent as all ones.
    if (udp.checksum != 0) {
      const uint16_t sum = adjusted(udp.checksum, m.transport_adjust);
      udp.checksum = sum != 0 ? sum : 0xFFFF;
    }
  }
}

}  // namespace hotclick::flow
