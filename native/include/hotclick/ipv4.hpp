/// Questions that IPv4 elements ask of a packet and of its addresses.
#pragma once
#include "batch.hpp"
#include "net.hpp"

namespace hotclick {

/// The packet's IPv4 header, or null when the network header is not marked, lies outside the frame, is of
/// another version, or is shorter than it says. The total length is not looked at: see ipv4_length().
inline Ipv4Header* ipv4_header(Packet& p) {
  const uint32_t n = p.network_length();
  if (HC_UNLIKELY(n < sizeof(Ipv4Header))) return nullptr;
  Ipv4Header* ip = reinterpret_cast<Ipv4Header*>(p.network());
  const uint32_t header = ip->header_length();
  if (HC_UNLIKELY(ip->version() != 4 || header < sizeof(Ipv4Header) || header > n)) return nullptr;
  return ip;
}

/// Bytes of the datagram that are there: its total length, or less when the frame was cut. The header is
/// good.
inline uint32_t ipv4_length(const Packet& p, const Ipv4Header& ip) {
  const uint32_t total = net16(ip.total_length), present = p.network_length();
  return total < present ? total : present;
}

// Classes of addresses (RFC 1122 3.2.1.3); arguments in network order.
inline bool is_multicast(uint32_t address) {
  return (net32(address) >> 28) == 14;
}
/// Class D and E, so the limited broadcast address too.
inline bool is_multicast_or_reserved(uint32_t address) {
  return net32(address) >= 0xE0000000u;
}
inline bool is_loopback(uint32_t address) {
  return (net32(address) >> 24) == 127;
}
inline bool is_zero_network(uint32_t address) {
  return (net32(address) >> 24) == 0;
}

}  // namespace hotclick
