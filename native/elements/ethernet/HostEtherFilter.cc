#include <hotclick/element.hpp>
using namespace hotclick;

struct HostEtherFilter : Element {
  enum : uint32_t { too_short, own, other_host };
  EtherAddress ether;
  bool drop_own = false, drop_other = true;
  uint32_t offset = 0;
  uint64_t own_bits = 0;

  static constexpr uint64_t broadcast = 0xFFFFFFFFFFFFull;
  static uint64_t address_bits(const uint8_t* at) {
    uint32_t low;
    uint16_t high;
    memcpy(&low, at, 4);
    memcpy(&high, at + 4, 2);
    return low | static_cast<uint64_t>(high) << 32;
  }

  bool configure(Arguments& arguments) {
    if (offset > HC_BUFFER_SIZE) return arguments.fail("OFFSET %u lies outside any frame", offset);
    own_bits = address_bits(ether.bytes);
    return true;
  }

  uint32_t route(Packet& p) {
    if (HC_UNLIKELY(p.length < offset + sizeof(EthernetHeader))) return output_or_drop(1, too_short);
    const uint8_t* at = p.data + offset;
    const uint64_t destination = address_bits(at);
    uint8_t type = HC_TYPE_OTHERHOST;
    if (destination == own_bits)
      type = HC_TYPE_HOST;
    else if (destination == broadcast)
      type = HC_TYPE_BROADCAST;
    else if (at[0] & 1)
      type = HC_TYPE_MULTICAST;
    p.packet_type = type;
    if (drop_own && address_bits(at + 6) == own_bits) return output_or_drop(1, own);
    if (type == HC_TYPE_OTHERHOST && drop_other) return output_or_drop(1, other_host);
    return 0;
  }
};

constexpr auto info =
    element<HostEtherFilter>("HostEtherFilter", "1.0.0")
        .help(R"(Lets pass what a network card with the given address would receive.

Sets the packet type annotation from the destination address: host, broadcast, multicast or other host. Frames
to other hosts, and with DROP_OWN those sent by the address itself, go to output 1, or are dropped if it is not
connected.

    FromDevice(eth0) -> HostEtherFilter(00:1b:21:44:04:f0) -> ...

Differs from Click: frames shorter than an Ethernet header count as filtered.)")
        .ports("1/1-2")
        .processing("a/ah")
        .required<&HostEtherFilter::ether>("ETHER", "the host's own address")
        .positional<&HostEtherFilter::drop_own>("DROP_OWN",
                                                "filter frames that come from ETHER; default false")
        .positional<&HostEtherFilter::drop_other>("DROP_OTHER", "filter frames for other hosts; default true")
        .argument<&HostEtherFilter::offset>("OFFSET", "where the Ethernet header begins, bytes; default 0")
        .read<&HostEtherFilter::drop_own>("drop_own", merge::same, "whether own frames are filtered")
        .write<&HostEtherFilter::drop_own>("drop_own", "filter own frames or not")
        .read<&HostEtherFilter::drop_other>("drop_other", merge::same,
                                            "whether frames for others are filtered")
        .write<&HostEtherFilter::drop_other>("drop_other", "filter frames for others or not")
        .drop("short frame", "less than an Ethernet header")
        .drop("own frame", "sent by ETHER itself")
        .drop("other host", "addressed to another host");
HOTCLICK_EXPORT(info)
