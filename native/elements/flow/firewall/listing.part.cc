/// Connections as text.
#include "listing.hpp"

namespace hotclick::firewall {

namespace {

const char* protocol_name(uint8_t protocol) {
  return protocol == protocol_tcp    ? "tcp"
         : protocol == protocol_udp  ? "udp"
         : protocol == protocol_icmp ? "icmp"
                                     : "ip";
}

void print_end(Text out, uint32_t address, uint16_t port, bool with_port) {
  const auto* b = reinterpret_cast<const uint8_t*>(&address);
  out.print("%u.%u.%u.%u", b[0], b[1], b[2], b[3]);
  if (with_port) out.print(":%u", net16(port));
}

}  // namespace

void print_flow(Text out, const FlowKey& key, const Connection& c) {
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

void print_progress(Text out, const Connection& c) {
  const uint32_t first = c.initiator();
  out.print(" %s packets %u/%u", state_names[static_cast<uint32_t>(c.state) % state_count], c.packets[first],
            c.packets[first ^ 1u]);
}

}  // namespace hotclick::firewall
