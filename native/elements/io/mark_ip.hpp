/// Finds the IP header of an Ethernet frame, for the FORCE_IP arguments.
#pragma once
#include <hotclick/batch.hpp>
#include <hotclick/net.hpp>

namespace hotclick {

/// Sets the network and transport header annotations when a whole IPv4 or IPv6 header starts at data +
/// `offset`.
inline bool mark_ip_at(Packet& p, uint32_t offset) {
  if (p.length < offset + 1) return false;
  uint8_t* const ip = p.data + offset;
  const uint32_t version = ip[0] >> 4, left = p.length - offset;
  uint32_t header;
  if (version == 4) {
    header = (ip[0] & 15u) * 4u;
    if (header < sizeof(Ipv4Header)) return false;
  } else if (version == 6) {
    header = sizeof(Ipv6Header);
  } else {
    return false;
  }
  if (left < header) return false;
  p.set_network(ip);
  p.set_transport(ip + header);
  return true;
}

/// The same behind an Ethernet header with up to two VLAN tags.
inline bool mark_ip_in_ethernet(Packet& p) {
  uint32_t offset = 12;
  for (int tags = 0; tags <= 2; ++tags) {
    if (p.length < offset + 2) return false;
    uint16_t type;
    memcpy(&type, p.data + offset, 2);
    type = net16(type);
    if (type == ether_ipv4 || type == ether_ipv6) return mark_ip_at(p, offset + 2);
    if (type != ether_vlan && type != ether_qinq) return false;
    offset += 4;
  }
  return false;
}

}  // namespace hotclick
