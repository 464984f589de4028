/// The part of a TCP header that connection tracking looks at.
#pragma once
#include <hotclick/net.hpp>

namespace hotclick::firewall {

inline constexpr uint32_t no_scale = 15;

struct Segment {
  uint32_t sequence, acknowledgement;
  uint32_t end;     // sequence number after it; SYN and FIN count as one each
  uint32_t window;  // as it stands in the header
  uint32_t scale;   // of the window scale option in a SYN; no_scale when there is none
  uint8_t flags;

  bool has(uint8_t flag) const { return (flags & flag) != 0; }
};

/// Sequence numbers compare modulo 2^32 (RFC 9293, section 3.4).
inline bool after(uint32_t a, uint32_t b) {
  return static_cast<int32_t>(a - b) > 0;
}

/// Combinations of SYN, FIN, RST, ACK, URG that a correct end sends; PSH, ECE and CWR (RFC 3168) are left out
/// of the question. One bit for each value of `flags & 0x37`.
inline bool sensible_flags(uint8_t flags) {
  constexpr auto bit = [](unsigned f) { return 1ull << f; };
  constexpr uint64_t good = bit(tcp_syn) | bit(tcp_syn | tcp_urg) | bit(tcp_syn | tcp_ack) | bit(tcp_rst) |
                            bit(tcp_rst | tcp_ack) | bit(tcp_fin | tcp_ack) |
                            bit(tcp_fin | tcp_ack | tcp_urg) | bit(tcp_ack) | bit(tcp_ack | tcp_urg);
  return (good >> (flags & 0x37u) & 1u) != 0;
}

/// The shift of a window scale option (RFC 7323, section 2.2; at most 14), or no_scale.
inline uint32_t window_scale(const uint8_t* options, uint32_t length) {
  uint32_t at = 0;
  while (at < length) {
    const uint8_t kind = options[at];
    if (kind == 0) break;
    if (kind == 1) {
      ++at;
      continue;
    }
    if (length - at < 2) break;
    const uint8_t size = options[at + 1];
    if (size < 2 || size > length - at) break;
    if (kind == 3 && size == 3) return options[at + 2] < 14 ? options[at + 2] : 14;
    at += size;
  }
  return no_scale;
}

/// Reads a segment of `length` bytes. The caller has checked the header length against it.
inline Segment read_segment(const uint8_t* transport, uint32_t length) {
  const auto& tcp = *reinterpret_cast<const TcpHeader*>(transport);
  Segment s;
  s.flags = tcp.flags;
  s.sequence = net32(tcp.sequence);
  s.acknowledgement = net32(tcp.acknowledgement);
  s.window = net16(tcp.window);
  const uint32_t header = tcp.header_length();
  s.end = s.sequence + (length - header) + (s.has(tcp_syn) ? 1 : 0) + (s.has(tcp_fin) ? 1 : 0);
  s.scale =
      s.has(tcp_syn) ? window_scale(transport + sizeof(TcpHeader), header - sizeof(TcpHeader)) : no_scale;
  return s;
}

}  // namespace hotclick::firewall
