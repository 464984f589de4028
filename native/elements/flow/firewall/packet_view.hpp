/// Reads a packet as the firewall needs it. Packets are hostile: every length is checked before anything is
/// read.
#pragma once
#include "connection.hpp"
#include "tcp_segment.hpp"

namespace hotclick::firewall {

enum class PacketKind : uint8_t {
  connection,      // has a key of its own, may begin a connection
  answer,          // has a key, but only answers (an ICMP reply)
  icmp_error,      // its key is that of the packet it quotes
  later_fragment,  // has no ports
  not_ipv4,
  malformed,
  bad_flags,
  unknown  // cannot belong to a connection
};

/// No initial values: there is one for every packet of a batch.
struct PacketView {
  const uint8_t* transport;
  uint32_t length;  // bytes from the transport header to the end of the IP packet
  /// The connection's ends as the device hash sees them (network order).
  uint32_t source, destination;
  uint16_t source_port, destination_port;
  uint8_t protocol;
  PacketKind kind;
  bool fragment;  // the first of several
};

/// Looks at the packets of a batch, which `sender`'s side sent. Keys are set, to zeros where a packet has none.
void view_packets(Batch& batch, uint32_t sender, FlowKey* keys, PacketView* views);

}  // namespace hotclick::firewall
