/// Connections as text.
#pragma once
#include "connection.hpp"

namespace hotclick::firewall {

inline const char* protocol_name(uint8_t protocol) {
  return protocol == protocol_tcp    ? "tcp"
         : protocol == protocol_udp  ? "udp"
         : protocol == protocol_icmp ? "icmp"
                                     : "ip";
}

inline void print_end(Text out, uint32_t address, uint16_t port, bool with_port) {
  const auto* b = reinterpret_cast<const uint8_t*>(&address);
  out.print("%u.%u.%u.%u", b[0], b[1], b[2], b[3]);
  if (with_port) out.print(":%u", net16(port));
}

/// `tcp 10.0.0.2:40000 > 192.0.2.1:80`: the initiator first.
inline void print_flow(Text out, const FlowKey& key, const Connection& c) {
  const bool ports = key.protocol == protocol_tcp || key.protocol == protocol_udp;
  const bool from_outside = c.initiator() == outside;
  out.print("%s ", protocol_name(key.protocol));
  if (!ports && key.protocol != protocol_icmp) out.print("%u ", key.protocol);
  if (from_outside)
    print_end(out, key.outside, key.outside_port, ports);
  else
    print_end(out, key.inside, key.inside_port, ports);
  out.print(" > ");
  if (from_outside)
    print_end(out, key.inside, key.inside_port, ports);
  else
    print_end(out, key.outside, key.outside_port, ports);
  if (key.protocol == protocol_icmp) out.print(" id %u", net16(key.inside_port));
}

/// ` established packets 12/10`: the initiator's packets first.
inline void print_progress(Text out, const Connection& c) {
  const uint32_t first = c.initiator();
  out.print(" %s packets %u/%u", state_names[static_cast<uint32_t>(c.state) % state_count], c.packets[first],
            c.packets[first ^ 1u]);
}

/// Most lines of a listing.
inline constexpr uint32_t listing_limit = 10000;

}  // namespace hotclick::firewall
