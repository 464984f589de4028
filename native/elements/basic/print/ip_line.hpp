/// What IPPrint says about the headers of an IPv4 packet, in the manner of tcpdump. Lengths on the wire are
/// not believed: nothing behind the end of the packet is read.
#pragma once
#include "icmp_names.hpp"
#include "line.hpp"

namespace hotclick {

/// An IPv4 packet taken apart; `transport` has `length` bytes that are there and belong to it.
struct IpView {
  Ipv4Header ip;
  const uint8_t* transport;
  uint32_t length;
  uint32_t frame_length;

  /// False when there is no whole header.
  static bool take(const Packet& p, IpView& view) {
    const uint32_t have = p.network_length();
    if (have < sizeof(Ipv4Header)) return false;
    memcpy(&view.ip, p.network(), sizeof(Ipv4Header));
    const uint32_t header = view.ip.header_length();
    if (header < sizeof(Ipv4Header) || header > have) return false;
    const uint32_t total = net16(view.ip.total_length);
    view.transport = p.network() + header;
    view.length = (total < have ? total : have) > header ? (total < have ? total : have) - header : 0;
    view.frame_length = p.length;
    return true;
  }
  /// Bytes that the header promises behind itself.
  uint32_t payload_length() const {
    const uint32_t total = net16(ip.total_length);
    return total > ip.header_length() ? total - ip.header_length() : 0;
  }
};

inline void add_addresses(Line& line, const IpView& v) {
  line.address(v.ip.source).add(" > ").address(v.ip.destination).add(": ");
}

/// The addresses with ports; false when the ports are not there, and then `name` has been said.
inline bool add_ports(Line& line, const IpView& v, const char* name) {
  if (!v.ip.first_fragment() || v.length < 4) {
    add_addresses(line, v);
    line.add(v.ip.first_fragment() ? "truncated-" : "").add(name);
    return false;
  }
  uint16_t ports[2];
  memcpy(ports, v.transport, sizeof(ports));
  line.address(v.ip.source).add('.').number(net16(ports[0])).add(" > ");
  line.address(v.ip.destination).add('.').number(net16(ports[1])).add(": ");
  return true;
}

inline void add_tcp(Line& line, const IpView& v) {
  if (!add_ports(line, v, "tcp")) return;
  TcpHeader tcp = {};
  if (v.length < 14) {
    line.add("truncated-tcp");
    return;
  }
  memcpy(&tcp, v.transport, v.length < sizeof(tcp) ? v.length : sizeof(tcp));
  const uint32_t before = v.ip.header_length() + tcp.header_length();
  uint32_t size = net16(v.ip.total_length) > before ? net16(v.ip.total_length) - before : 0;
  if (tcp.flags & tcp_syn) line.add('S'), ++size;
  if (tcp.flags & tcp_fin) line.add('F'), ++size;
  if (tcp.flags & tcp_rst) line.add('R');
  if (tcp.flags & tcp_psh) line.add('P');
  if (!(tcp.flags & (tcp_syn | tcp_fin | tcp_rst | tcp_psh))) line.add('.');
  const uint32_t sequence = net32(tcp.sequence);
  line.add(' ').number(sequence).add(':').number(sequence + size);
  line.add('(')
      .number(size)
      .add(',')
      .number(v.frame_length)
      .add(',')
      .number(net16(v.ip.total_length))
      .add(')');
  if (tcp.flags & tcp_ack) line.add(" ack ").number(net32(tcp.acknowledgement));
  if (v.length < 16)
    line.add("truncated-tcp");
  else
    line.add(" win ").number(net16(tcp.window));
}

inline void add_udp(Line& line, const IpView& v) {
  if (!add_ports(line, v, "udp")) return;
  if (v.length < sizeof(UdpHeader)) {
    line.add("truncated-udp");
    return;
  }
  UdpHeader udp;
  memcpy(&udp, v.transport, sizeof(udp));
  line.add("udp ").number(net16(udp.length));
}

inline void add_protocol(Line& line, uint8_t protocol, bool with_word) {
  switch (protocol) {
    case protocol_icmp:
      line.add("icmp");
      break;
    case protocol_tcp:
      line.add("tcp");
      break;
    case protocol_udp:
      line.add("udp");
      break;
    default:
      line.add(with_word ? "protocol " : "").number(protocol);
  }
}

/// The unreachable packet inside an ICMP error.
inline void add_unreachable(Line& line, const IpView& v, const IcmpHeader& icmp) {
  const char* code = icmp_code_name(icmp_unreachable, icmp.code);
  auto add_code = [&] {
    if (code)
      line.add(code);
    else
      line.add("code ").number(icmp.code);
  };
  if (v.length < sizeof(IcmpHeader) + sizeof(Ipv4Header)) {
    line.add("icmp unreachable ");
    add_code();
    line.add(" truncated-icmp");
    return;
  }
  Ipv4Header inner;
  memcpy(&inner, v.transport + sizeof(IcmpHeader), sizeof(inner));
  line.add("icmp ").address(inner.destination).add(" unreachable ");
  add_code();
  if (icmp.code == icmp_unreachable_protocol) {
    line.add(' ');
    add_protocol(line, inner.protocol, false);
  } else if (icmp.code == icmp_unreachable_port) {
    line.add(' ');
    add_protocol(line, inner.protocol, true);
    const uint32_t ports = sizeof(IcmpHeader) + inner.header_length();
    if (v.length < ports + 4) {
      line.add("truncated-icmp");
      return;
    }
    uint16_t port;
    memcpy(&port, v.transport + ports + 2, sizeof(port));
    line.add('/').number(net16(port));
  } else if (icmp.code == icmp_unreachable_need_fragment) {
    const uint32_t mtu = net32(icmp.rest) & 0xFFFF;
    if (mtu != 0) line.add(" (mtu ").number(mtu).add(')');
  }
}

/// `swap` false shows the identifier and the sequence number of an echo byte-swapped.
inline void add_icmp(Line& line, const IpView& v, bool swap) {
  add_addresses(line, v);
  if (!v.ip.first_fragment()) {
    line.add("icmp");
    return;
  }
  if (v.length < 2) {
    line.add("truncated-icmp");
    return;
  }
  IcmpHeader icmp = {};
  memcpy(&icmp, v.transport, v.length < sizeof(icmp) ? v.length : sizeof(icmp));
  if (icmp.type == icmp_echo || icmp.type == icmp_echo_reply) {
    line.add("icmp ").add(icmp_type_name(icmp.type)).add(' ');
    if (v.length < sizeof(icmp)) {
      line.add("truncated-icmp");
      return;
    }
    const uint32_t rest = net32(icmp.rest);
    const uint16_t id = static_cast<uint16_t>(rest >> 16), sequence = static_cast<uint16_t>(rest);
    line.add('(')
        .number(swap ? id : swap16(id))
        .add(", ")
        .number(swap ? sequence : swap16(sequence))
        .add(')');
    return;
  }
  if (icmp.type == icmp_unreachable) return add_unreachable(line, v, icmp);
  line.add("icmp ");
  if (const char* type = icmp_type_name(icmp.type))
    line.add(type);
  else
    line.add("type ").number(icmp.type);
  if (const char* code = icmp_code_name(icmp.type, icmp.code))
    line.add(' ').add(code);
  else if (icmp.code != 0)
    line.add(" code ").number(icmp.code);
}

/// Addresses, ports, and what the transport header tells; then the fragment, if it is one.
inline void add_ip(Line& line, const IpView& v, bool swap) {
  switch (v.ip.protocol) {
    case protocol_tcp:
      add_tcp(line, v);
      break;
    case protocol_udp:
      add_udp(line, v);
      break;
    case protocol_icmp:
      add_icmp(line, v, swap);
      break;
    default:
      add_addresses(line, v);
      line.add("ip-proto-").number(v.ip.protocol);
  }
  if (!v.ip.is_fragment()) return;
  line.add(" (frag ").number(net16(v.ip.id)).add(':').number(v.payload_length()).add('@');
  line.number(v.ip.fragment_offset()).add(v.ip.more_fragments() ? "+)" : ")");
}

}  // namespace hotclick
