/// A source of UDP packets with complete headers, for benchmarks.
///   FastUDPSource(100000, 500000, 60, 0:0:0:0:0:1, 1.0.0.1, 1234, 0:0:0:0:0:2, 2.0.0.2, 1234) ->
///   ToDevice(eth0);
#include <hotclick/element.hpp>

#include "source/packet_template.hpp"
#include "source/rated_emission.hpp"
using namespace hotclick;

struct FastUDPSource : RatedEmission<FastUDPSource> {
  static constexpr bool zero_is_unlimited = true;
  static constexpr uint32_t ethernet = sizeof(EthernetHeader), headers = ethernet + sizeof(Ipv4Header);
  static constexpr uint32_t min_length = 60;

  uint32_t length = min_length;
  EtherAddress source_mac, destination_mac;
  Ipv4Address source, destination;
  uint16_t source_port = 0, destination_port = 0;
  bool with_checksum = true;
  uint32_t interval = 0;
  PacketTemplate packet;
  uint64_t ports_of = ~0ull;  // the interval whose ports are in the frame

  bool configure(Arguments& arguments) {
    if (length < min_length) length = min_length;
    if (!packet.set("", 0, length)) {
      return arguments.fail("LENGTH: a packet has room for %u bytes", PacketTemplate::max_length);
    }
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
    return true;
  }
  uint32_t stamp(Batch& batch, uint32_t n) {
    uint32_t done = 0;
    while (done < n) {
      uint32_t part = n - done;
      uint64_t step = 0;
      if (interval != 0) {
        const uint64_t at = progress->count + done;
        step = at / interval;
        const uint64_t left = interval - at % interval;
        if (left < part) part = static_cast<uint32_t>(left);
      }
      if (step != ports_of) write_udp(step);
      const uint32_t first = batch.count;
      const uint32_t made = packet.stamp(shard(), batch, part);
      for (uint32_t i = first; i < batch.count; ++i) annotate(batch[i]);
      done += made;
      if (made < part) break;
    }
    return done;
  }

  uint64_t rate() const { return measured_rate(); }

 private:
  void annotate(Packet& p) const {
    p.set_mac(p.data);
    p.set_network(p.data + ethernet);
    p.set_transport(p.data + headers);
    p.destination = destination.value;
  }
  void write_udp(uint64_t step) {
    const uint32_t size = length - headers;
    uint8_t* at = packet.frame() + headers;
    UdpHeader udp;
    udp.source_port = net16(static_cast<uint16_t>(source_port + step));
    udp.destination_port = net16(static_cast<uint16_t>(destination_port + step));
    udp.length = net16(static_cast<uint16_t>(size));
    udp.checksum = 0;
    memcpy(at, &udp, sizeof(udp));
    if (with_checksum) {
      const uint64_t pseudo = pseudo_sum(source.value, destination.value, protocol_udp, size);
      udp.checksum = checksum_fold(checksum_add(at, size, pseudo));
      if (udp.checksum == 0) udp.checksum = 0xFFFF;  // 0 would say that there is none (RFC 768)
      memcpy(at, &udp, sizeof(udp));
    }
    ports_of = step;
  }
};

constexpr auto info =
    element<FastUDPSource>("FastUDPSource", "1.0.0")
        .ports("0/1")
        .help(
            "Creates UDP packets with static Ethernet, IP and UDP headers.\n\n"
            "Sends RATE packets a second, or as many as are taken when RATE is 0, until LIMIT are sent. "
            "Packets have "
            "their header positions and the destination annotation set. With INTERVAL both ports go up by "
            "one after "
            "that many packets.\n\n"
            "    FastUDPSource(100000, 500000, 60, 0:0:0:0:0:1, 1.0.0.1, 1234,\n"
            "                  0:0:0:0:0:2, 2.0.0.2, 1234) -> ToDevice(eth0);\n\n"
            "Differs from Click: its output may be pushed as well, STOP exists, packets may be changed "
            "downstream, and "
            "with several shards each sends its part of RATE and LIMIT.")
        .required<&FastUDPSource::rate_argument>("RATE", "packets per second; 0: as fast as possible")
        .required<&FastUDPSource::limit_argument>("LIMIT", "packets to send; negative: no end")
        .required<&FastUDPSource::length>("LENGTH", "bytes of a frame with its Ethernet header, at least 60")
        .required<&FastUDPSource::source_mac>("SRCETH", "Ethernet source address")
        .required<&FastUDPSource::source>("SRCIP", "IPv4 source address")
        .required<&FastUDPSource::source_port>("SPORT", "UDP source port")
        .required<&FastUDPSource::destination_mac>("DSTETH", "Ethernet destination address")
        .required<&FastUDPSource::destination>("DSTIP", "IPv4 destination address")
        .required<&FastUDPSource::destination_port>("DPORT", "UDP destination port")
        .positional<&FastUDPSource::with_checksum>("CHECKSUM",
                                                   "false leaves the UDP checksum at 0 (default true)")
        .positional<&FastUDPSource::interval>(
            "INTERVAL", "packets after which both ports go up by one; 0: never (default)")
        .positional<&FastUDPSource::active_argument>("ACTIVE", "false sends nothing (default true)")
        .argument<&FastUDPSource::stop>("STOP", "true stops the engine after LIMIT packets (default false)")
        .state<&FastUDPSource::progress>("progress", rated_progress_v1,
                                         "packets sent, credit, settings changed by handlers")
        .read<&FastUDPSource::count>("count", merge::sum, "packets sent since the start or the last reset")
        .write<&FastUDPSource::reset>("reset", "starts again")
        .read<&FastUDPSource::rate>("rate", merge::sum,
                                    "RATE; after LIMIT packets the rate at which they were sent")
        .write<&FastUDPSource::set_rate>("rate", "changes RATE")
        .read<&FastUDPSource::limit>("limit", merge::same, "packets to send, negative: no end")
        .write<&FastUDPSource::set_limit>("limit", "changes the limit")
        .read<&FastUDPSource::active>("active", merge::same, "whether packets are sent")
        .write<&FastUDPSource::set_active>("active", "starts or stops sending");
HOTCLICK_EXPORT(info)
