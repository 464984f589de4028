/// A source of UDP packets of many flows, for benchmarks of elements that keep state per flow.
///   FastUDPFlows(0, -1, 64, 0:0:0:0:0:1, 1.0.0.1, 0:0:0:0:0:2, 2.0.0.2, 10000, 1000000) -> Unqueue -> ...
#include <hotclick/element.hpp>

#include "source/flow_order.hpp"
#include "source/packet_template.hpp"
#include "source/rated_emission.hpp"
using namespace hotclick;

struct FastUDPFlows : RatedEmission<FastUDPFlows> {
  static constexpr bool zero_is_unlimited = true;
  static constexpr uint32_t ethernet = sizeof(EthernetHeader), headers = ethernet + sizeof(Ipv4Header);
  static constexpr uint32_t min_length = 60;

  uint32_t length = min_length, flows = 1, flow_size = 1;
  EtherAddress source_mac, destination_mac;
  Ipv4Address source, destination;
  bool with_checksum = true;
  PacketTemplate packet;
  FlowOrder order;
  uint32_t base_sum = 0;  // of all that the UDP checksum covers but the ports

  bool configure(Arguments& arguments) {
    if (length < min_length) length = min_length;
    if (flows == 0 || flows > FlowOrder::most) {
      return arguments.fail("FLOWS must be from 1 to %u", FlowOrder::most);
    }
    if (flow_size == 0) return arguments.fail("FLOWSIZE must be at least 1");
    if (!packet.set("", 0, length)) {
      return arguments.fail("LENGTH: a packet has room for %u bytes", PacketTemplate::max_length);
    }
    write_headers();
    order.set(flows, flow_size, shard()->index, shard()->count);
    return true;
  }
  uint32_t stamp(Batch& batch, uint32_t n) {
    const uint32_t first = batch.count;
    n = packet.stamp(shard(), batch, n);
    FlowOrder::Cursor at = order.begin(progress->count);
    for (uint32_t i = 0; i < n; ++i) write_flow(batch[first + i], order.next(at));
    return n;
  }
  /// RATE; after LIMIT packets the rate at which they left.
  uint64_t rate() const { return measured_rate(); }

 private:
  void write_headers() {
    EthernetHeader mac = {};
    memcpy(mac.destination, destination_mac.bytes, 6);
    memcpy(mac.source, source_mac.bytes, 6);
    mac.type = net16(ether_ipv4);
    memcpy(packet.frame(), &mac, sizeof(mac));
    Ipv4Header ip = {};
    ip.version_ihl = 0x45;
    ip.total_length = net16(static_cast<uint16_t>(length - ethernet));
    ip.ttl = 250;
    ip.protocol = protocol_udp;
    ip.source = source.value;
    ip.destination = destination.value;
    ip.checksum = checksum20(&ip);
    memcpy(packet.frame() + ethernet, &ip, sizeof(ip));
    const uint32_t size = length - headers;
    UdpHeader udp = {};
    udp.length = net16(static_cast<uint16_t>(size));
    memcpy(packet.frame() + headers, &udp, sizeof(udp));
    const uint64_t pseudo = pseudo_sum(source.value, destination.value, protocol_udp, size);
    base_sum = static_cast<uint16_t>(~checksum_fold(checksum_add(packet.frame() + headers, size, pseudo)));
  }
  void write_flow(Packet& p, FlowPorts ports) const {
    uint8_t* frame = p.data;
    memcpy(frame + headers, &ports, sizeof(ports));
    if (with_checksum) {
      uint32_t sum = base_sum + ports.source + ports.destination;
      sum = (sum & 0xFFFF) + (sum >> 16);
      sum = (sum & 0xFFFF) + (sum >> 16);
      // 0 would say that there is none (RFC 768).
      const uint16_t stored = sum == 0xFFFF ? 0xFFFF : static_cast<uint16_t>(~sum);
      memcpy(frame + headers + offsetof(UdpHeader, checksum), &stored, sizeof(stored));
    }
    p.mac_offset = static_cast<uint16_t>(p.headroom());
    p.network_offset = static_cast<uint16_t>(p.mac_offset + ethernet);
    p.transport_offset = static_cast<uint16_t>(p.mac_offset + headers);
    p.destination = destination.value;
  }
};

constexpr auto info =
    element<FastUDPFlows>("FastUDPFlows", "1.0.0")
        .ports("0/1")
        .help(
            "Creates UDP packets of many flows, with static Ethernet and IP headers.\n\n"
            "Sends RATE packets a second, or as many as are taken when RATE is 0, until LIMIT are sent. The "
            "packets belong to FLOWS flows that differ in their ports. After FLOWSIZE packets a flow ends "
            "and "
            "another takes its place. Packets have their header positions and the destination annotation "
            "set.\n\n"
            "    FastUDPFlows(100000, 500000, 60, 0:0:0:0:0:1, 1.0.0.1,\n"
            "                 0:0:0:0:0:2, 2.0.0.2, 100, 10) -> ToDevice(eth0);\n\n"
            "Differs from Click: flows are all different, and each sends once before any sends again, in an "
            "order that changes every time; ports are from 1024 to 33791; the output may be pushed as well, "
            "packets may be changed downstream, STOP exists, and with several shards each sends its part of "
            "RATE, LIMIT and FLOWS (at least one flow).")
        .required<&FastUDPFlows::rate_argument>("RATE", "packets per second; 0: as fast as possible")
        .required<&FastUDPFlows::limit_argument>("LIMIT", "packets to send; negative: no end")
        .required<&FastUDPFlows::length>("LENGTH", "bytes of a frame with its Ethernet header, at least 60")
        .required<&FastUDPFlows::source_mac>("SRCETH", "Ethernet source address")
        .required<&FastUDPFlows::source>("SRCIP", "IPv4 source address")
        .required<&FastUDPFlows::destination_mac>("DSTETH", "Ethernet destination address")
        .required<&FastUDPFlows::destination>("DSTIP", "IPv4 destination address")
        .required<&FastUDPFlows::flows>("FLOWS", "flows at a time")
        .required<&FastUDPFlows::flow_size>("FLOWSIZE", "packets of a flow")
        .positional<&FastUDPFlows::with_checksum>("CHECKSUM",
                                                  "false leaves the UDP checksum at 0 (default true)")
        .positional<&FastUDPFlows::active_argument>("ACTIVE", "false sends nothing (default true)")
        .argument<&FastUDPFlows::stop>("STOP", "true stops the engine after LIMIT packets (default false)")
        .state<&FastUDPFlows::progress>("progress", rated_progress_v1,
                                        "packets sent, credit, settings changed by handlers")
        .read<&FastUDPFlows::count>("count", merge::sum, "packets sent since the start or the last reset")
        .write<&FastUDPFlows::reset>("reset", "starts again")
        .read<&FastUDPFlows::rate>("rate", merge::sum,
                                   "RATE; after LIMIT packets the rate at which they were sent")
        .write<&FastUDPFlows::set_rate>("rate", "changes RATE")
        .read<&FastUDPFlows::limit>("limit", merge::same, "packets to send, negative: no end")
        .write<&FastUDPFlows::set_limit>("limit", "changes the limit")
        .read<&FastUDPFlows::active>("active", merge::same, "whether packets are sent")
        .write<&FastUDPFlows::set_active>("active", "starts or stops sending");
HOTCLICK_EXPORT(info)
