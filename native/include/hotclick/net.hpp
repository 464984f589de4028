/// Wire formats and checksums. Multi-byte fields are in network order as they lie in the packet; structures
/// have alignment 1, so any offset may be read. Nothing here checks lengths: the caller does, before it
/// looks.
#pragma once
#include <stdint.h>
#include <string.h>

namespace hotclick {

constexpr uint16_t swap16(uint16_t v) {
  return __builtin_bswap16(v);
}
constexpr uint32_t swap32(uint32_t v) {
  return __builtin_bswap32(v);
}
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
constexpr uint16_t net16(uint16_t v) {
  return swap16(v);
}
constexpr uint32_t net32(uint32_t v) {
  return swap32(v);
}
#else
constexpr uint16_t net16(uint16_t v) {
  return v;
}
constexpr uint32_t net32(uint32_t v) {
  return v;
}
#endif

struct __attribute__((packed)) EthernetHeader {
  uint8_t destination[6];
  uint8_t source[6];
  uint16_t type;
};
struct __attribute__((packed)) VlanTag {
  uint16_t tci;
  uint16_t type;
};
struct __attribute__((packed)) ArpHeader {  // RFC 826, Ethernet and IPv4
  uint16_t hardware, protocol;
  uint8_t hardware_length, protocol_length;
  uint16_t operation;
  uint8_t sender_mac[6];
  uint32_t sender_ip;
  uint8_t target_mac[6];
  uint32_t target_ip;
};
struct __attribute__((packed)) Ipv4Header {  // RFC 791
  uint8_t version_ihl;
  uint8_t tos;
  uint16_t total_length;
  uint16_t id;
  uint16_t fragment;  // flags and offset
  uint8_t ttl;
  uint8_t protocol;
  uint16_t checksum;
  uint32_t source, destination;

  uint32_t version() const { return version_ihl >> 4; }
  /// Bytes; 20 to 60.
  uint32_t header_length() const { return (version_ihl & 15u) * 4u; }
  uint32_t fragment_offset() const { return (net16(fragment) & 0x1FFFu) * 8u; }
  bool more_fragments() const { return (net16(fragment) & 0x2000u) != 0; }
  bool dont_fragment() const { return (net16(fragment) & 0x4000u) != 0; }
  bool is_fragment() const { return (fragment & net16(0x3FFF)) != 0; }
  bool first_fragment() const { return (fragment & net16(0x1FFF)) == 0; }
};
struct __attribute__((packed)) Ipv6Header {  // RFC 8200
  uint32_t version_class_flow;
  uint16_t payload_length;
  uint8_t next_header, hop_limit;
  uint8_t source[16], destination[16];
};
struct __attribute__((packed)) TcpHeader {  // RFC 9293
  uint16_t source_port, destination_port;
  uint32_t sequence, acknowledgement;
  uint8_t data_offset, flags;
  uint16_t window, checksum, urgent;

  uint32_t header_length() const { return (data_offset >> 4) * 4u; }
};
struct __attribute__((packed)) UdpHeader {  // RFC 768
  uint16_t source_port, destination_port, length, checksum;
};
struct __attribute__((packed)) IcmpHeader {  // RFC 792
  uint8_t type, code;
  uint16_t checksum;
  uint32_t rest;
};

inline constexpr uint16_t ether_ipv4 = 0x0800, ether_arp = 0x0806, ether_vlan = 0x8100, ether_qinq = 0x88A8,
                          ether_ipv6 = 0x86DD;
inline constexpr uint8_t protocol_icmp = 1, protocol_tcp = 6, protocol_udp = 17;
inline constexpr uint8_t tcp_fin = 1, tcp_syn = 2, tcp_rst = 4, tcp_psh = 8, tcp_ack = 16, tcp_urg = 32;

/// One's complement sum of `n` bytes, not yet folded (RFC 1071). `n` may be odd.
inline uint64_t checksum_add(const void* data, uint32_t n, uint64_t sum = 0) {
  const uint8_t* p = static_cast<const uint8_t*>(data);
  while (n >= 4) {
    uint32_t w;
    memcpy(&w, p, 4);
    sum += w;
    p += 4;
    n -= 4;
  }
  if (n & 2) {
    uint16_t w;
    memcpy(&w, p, 2);
    sum += w;
    p += 2;
  }
  if (n & 1) {
    uint16_t w = 0;
    memcpy(&w, p, 1);
    sum += w;
  }
  return sum;
}
/// Folds to the 16 bits that stand in the packet.
inline uint16_t checksum_fold(uint64_t sum) {
  sum = (sum & 0xFFFFFFFFu) + (sum >> 32);
  sum = (sum & 0xFFFFFFFFu) + (sum >> 32);
  uint32_t s = static_cast<uint32_t>((sum & 0xFFFF) + (sum >> 16));
  s = (s & 0xFFFF) + (s >> 16);
  s = (s & 0xFFFF) + (s >> 16);
  return static_cast<uint16_t>(~s);
}
inline uint16_t checksum(const void* data, uint32_t n) {
  return checksum_fold(checksum_add(data, n));
}

/// Sum of an IPv4 header of exactly 20 bytes: the common case, without a loop.
inline uint16_t checksum20(const void* data) {
  uint32_t w[5];
  memcpy(w, data, 20);
  const uint64_t sum = static_cast<uint64_t>(w[0]) + w[1] + w[2] + w[3] + w[4];
  return checksum_fold(sum);
}

/// The pseudo header of TCP and UDP over IPv4; `length` in host order.
inline uint64_t pseudo_sum(uint32_t source, uint32_t destination, uint8_t protocol, uint32_t length) {
  return static_cast<uint64_t>(source) + destination + net16(static_cast<uint16_t>(protocol)) +
         net16(static_cast<uint16_t>(length));
}

/// Incremental update (RFC 1624, equation 3): a 16-bit word changed from `from` to `to` (as they lie in the
/// packet).
inline uint16_t checksum_update16(uint16_t sum, uint16_t from, uint16_t to) {
  uint32_t s = static_cast<uint16_t>(~sum) + static_cast<uint32_t>(static_cast<uint16_t>(~from)) + to;
  s = (s & 0xFFFF) + (s >> 16);
  s = (s & 0xFFFF) + (s >> 16);
  return static_cast<uint16_t>(~s);
}
inline uint16_t checksum_update32(uint16_t sum, uint32_t from, uint32_t to) {
  uint64_t s = static_cast<uint64_t>(static_cast<uint16_t>(~sum)) + static_cast<uint32_t>(~from) + to;
  return checksum_fold(s);
}

/// Lowers the TTL by one and repairs the checksum.
inline void decrement_ttl(Ipv4Header& ip) {
  --ip.ttl;
  // The word {ttl, protocol} fell by 0x0100 in network order, so the sum rises by as much (RFC 1624).
  uint32_t s = static_cast<uint32_t>(ip.checksum) + net16(0x0100);
  ip.checksum = static_cast<uint16_t>(s + (s >= 0xFFFF));  // never 0xFFFF, as a full computation gives
}

}  // namespace hotclick
