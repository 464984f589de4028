/// How packets are looked at. They are hostile: every length is checked before anything is read.
#include "packet_view.hpp"

namespace hotclick::firewall {

namespace {

bool icmp_request(uint8_t type) {
  return type == 8 || type == 13 || type == 15 || type == 17;
}
bool icmp_reply(uint8_t type) {
  return type == 0 || type == 14 || type == 16 || type == 18;
}
bool icmp_error(uint8_t type) {
  return type == 3 || type == 11 || type == 12;
}

/// Key of an ICMP query (RFC 792): identifier, kind of request, and which side asks.
FlowKey query_key(uint32_t sender, uint32_t source, uint32_t destination, uint8_t type, uint16_t identifier) {
  const uint8_t request = type == 0 ? 8 : icmp_reply(type) ? type - 1 : type;
  const uint32_t asker = icmp_reply(type) ? sender ^ 1u : sender;
  FlowKey key = FlowKey::of(sender, source, destination, 0, 0, protocol_icmp);
  key.inside_port = identifier;
  key.outside_port = net16(static_cast<uint16_t>(request << 1 | asker));
  return key;
}

void take_ports(PacketView& v, const uint8_t* transport) {
  memcpy(&v.source_port, transport, 2);
  memcpy(&v.destination_port, transport + 2, 2);
}

PacketKind view_tcp(PacketView& v) {
  if (v.length < sizeof(TcpHeader)) return PacketKind::malformed;
  const auto& tcp = *reinterpret_cast<const TcpHeader*>(v.transport);
  const uint32_t header = tcp.header_length();
  if (header < sizeof(TcpHeader) || header > v.length) return PacketKind::malformed;
  if (!sensible_flags(tcp.flags)) return PacketKind::bad_flags;
  take_ports(v, v.transport);
  return PacketKind::connection;
}

PacketKind view_udp(PacketView& v) {
  if (v.length < sizeof(UdpHeader)) return PacketKind::malformed;
  const uint32_t length = net16(reinterpret_cast<const UdpHeader*>(v.transport)->length);
  if (length < sizeof(UdpHeader) || (length > v.length && !v.fragment)) return PacketKind::malformed;
  take_ports(v, v.transport);
  return PacketKind::connection;
}

/// The packet that an ICMP error quotes: its header and at least eight bytes (RFC 792; RFC 1812 asks for
/// more). It went the other way, and to the receiver of the error.
PacketKind view_quoted(PacketView& v, uint32_t sender, uint32_t receiver, FlowKey& key) {
  const uint8_t* quoted = v.transport + sizeof(IcmpHeader);
  const uint32_t length = v.length - static_cast<uint32_t>(sizeof(IcmpHeader));
  if (length < sizeof(Ipv4Header)) return PacketKind::malformed;
  const auto& ip = *reinterpret_cast<const Ipv4Header*>(quoted);
  const uint32_t header = ip.header_length();
  if (ip.version() != 4 || header < sizeof(Ipv4Header) || length < header + 8) return PacketKind::malformed;
  if (!ip.first_fragment() || ip.source != receiver) return PacketKind::unknown;
  v.source = ip.source;
  v.destination = ip.destination;
  v.protocol = ip.protocol;
  v.transport = quoted + header;
  v.length = length - header;
  if (ip.protocol == protocol_icmp) {
    const uint8_t type = v.transport[0];
    if (!icmp_request(type) && !icmp_reply(type))
      return PacketKind::unknown;  // never about an error (RFC 1122)
    uint16_t identifier;
    memcpy(&identifier, v.transport + 4, 2);
    key = query_key(sender ^ 1u, v.source, v.destination, type, identifier);
    return PacketKind::icmp_error;
  }
  if (ip.protocol == protocol_tcp || ip.protocol == protocol_udp) take_ports(v, v.transport);
  key = FlowKey::of(sender ^ 1u, v.source, v.destination, v.source_port, v.destination_port, v.protocol);
  return PacketKind::icmp_error;
}

HC_COLD PacketKind view_icmp(PacketView& v, uint32_t sender, FlowKey& key) {
  if (v.length < sizeof(IcmpHeader)) return PacketKind::malformed;
  const uint8_t type = v.transport[0];
  if (icmp_error(type)) return view_quoted(v, sender, v.destination, key);
  if (!icmp_request(type) && !icmp_reply(type)) return PacketKind::unknown;
  uint16_t identifier;
  memcpy(&identifier, v.transport + 4, 2);
  key = query_key(sender, v.source, v.destination, type, identifier);
  return icmp_request(type) ? PacketKind::connection : PacketKind::answer;
}

PacketKind view(Packet& p, uint32_t sender, PacketView& v, FlowKey& key) {
  const uint32_t available = p.network_length();
  if (available == 0) return PacketKind::not_ipv4;
  const uint8_t* network = p.network();
  if (network[0] >> 4 != 4) return PacketKind::not_ipv4;
  if (available < sizeof(Ipv4Header)) return PacketKind::malformed;
  const auto& ip = *reinterpret_cast<const Ipv4Header*>(network);
  const uint32_t header = ip.header_length(), total = net16(ip.total_length);
  if (header < sizeof(Ipv4Header) || total < header || total > available) return PacketKind::malformed;
  v.transport = network + header;
  v.length = total - header;
  v.source = ip.source;
  v.destination = ip.destination;
  v.protocol = ip.protocol;
  v.fragment = ip.more_fragments();
  if (!ip.first_fragment()) {
    // RFC 3128: a fragment that could overwrite the flags of the TCP header before it.
    const bool overlaps = ip.protocol == protocol_tcp && ip.fragment_offset() < sizeof(TcpHeader);
    return overlaps ? PacketKind::malformed : PacketKind::later_fragment;
  }
  if (ip.protocol == protocol_icmp) return view_icmp(v, sender, key);
  const PacketKind kind = ip.protocol == protocol_tcp   ? view_tcp(v)
                          : ip.protocol == protocol_udp ? view_udp(v)
                                                        : PacketKind::connection;
  key = FlowKey::of(sender, v.source, v.destination, v.source_port, v.destination_port, v.protocol);
  return kind;
}

}  // namespace

void view_packets(Batch& batch, uint32_t sender, FlowKey* keys, PacketView* views) {
  const uint32_t n = batch.count;
  for (uint32_t i = 0; i < n; ++i) {
    if (i + 8 < n) prefetch(batch.packets[i + 8]);
    if (i + 4 < n) prefetch(batch.packets[i + 4]->data);
    views[i] = {};
    keys[i] = {};
    views[i].kind = view(batch[i], sender, views[i], keys[i]);
  }
}

}  // namespace hotclick::firewall
