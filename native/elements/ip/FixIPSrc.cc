#include <hotclick/element.hpp>
#include <hotclick/ipv4.hpp>
using namespace hotclick;

struct FixIPSrc : Element {
  enum : uint32_t { no_header };
  Ipv4Address address;

  uint32_t fix(Packet& p) {
    if (HC_LIKELY(p.fix_ip_source == 0)) return 0;
    Ipv4Header* ip = ipv4_header(p);
    if (!ip) return drop(no_header);
    ip->source = address.value;
    ip->checksum = 0;
    ip->checksum = checksum(ip, ip->header_length());
    p.fix_ip_source = 0;
    return 0;
  }
  void classify(Batch& batch, uint16_t* ports) {
    // Only the annotation is looked at: the data of the usual packet stays untouched.
    for (uint32_t i = 0; i < batch.count; ++i) ports[i] = static_cast<uint16_t>(fix(batch[i]));
  }
};

constexpr auto info =
    element<FixIPSrc>("FixIPSrc", "1.0.0")
        .help(R"(Sets the IP source address of packets that ask for it.

ICMPError and other elements that make packets mark them so that they get the address of the interface by which
they leave (RFC 1812 4.3.2.4). Marked packets get IPADDR as source and a new checksum, and lose the mark; all
others pass untouched.

    rt[1] -> DropBroadcasts -> FixIPSrc(18.26.4.24) -> DecIPTTL -> ...

Differs from Click: a marked packet without an IP header is dropped.)")
        .ports("1/1")
        .processing("a/a")
        .required<&FixIPSrc::address>("IPADDR", "the interface's address")
        .drop("no IP header", "marked by annotation, but the IP header is not marked or not whole");
HOTCLICK_EXPORT(info)
