#include <hotclick/element.hpp>
#include <hotclick/ipv4.hpp>
using namespace hotclick;

struct Counts {
  uint64_t expired = 0;
};
constexpr auto counts_v1 = schema<Counts>(1, HC_COUNT(Counts, expired));

struct DecIPTTL : Element {
  enum : uint32_t { expired, no_header };
  bool active = true, multicast = true;
  State<Counts> counts;

  void classify(Batch& batch, uint16_t* ports) {
    const uint32_t n = batch.count;
    if (HC_UNLIKELY(!active)) {
      memset(ports, 0, n * sizeof(uint16_t));
      return;
    }
    for (uint32_t i = 0; i < n; ++i) {
      if (i + 8 < n) prefetch_write(static_cast<Packet*>(batch.packets[i + 8])->network());
      ports[i] = decrement(batch[i]);
    }
  }

  uint16_t decrement(Packet& p) {
    if (HC_UNLIKELY(p.network_length() < sizeof(Ipv4Header))) return static_cast<uint16_t>(drop(no_header));
    Ipv4Header& ip = *reinterpret_cast<Ipv4Header*>(p.network());
    if (HC_UNLIKELY(!multicast) && is_multicast(ip.destination)) return 0;
    if (HC_UNLIKELY(ip.ttl <= 1)) {
      ++counts->expired;
      return static_cast<uint16_t>(output_or_drop(1, expired));
    }
    decrement_ttl(ip);
    return 0;
  }
  uint64_t drops() const { return counts->expired; }
};

constexpr auto info =
    element<DecIPTTL>("DecIPTTL", "1.0.0")
        .help(R"(Lowers the IP time to live, and takes out packets whose time is over.

A packet with a TTL of 0 or 1 leaves unchanged by output 1 (connect an ICMPError there), or is dropped if that
is not connected. All others lose one, their checksum is repaired (RFC 1624), and they leave by output 0. The IP
header must have been marked.

    ... -> CheckIPHeader -> dt :: DecIPTTL -> ...
    dt[1] -> ICMPError(18.26.4.24, timeexceeded) -> ...

Differs from Click: a packet without a marked IP header is dropped.)")
        .ports("1/1-2")
        .processing("a/ah")
        .argument<&DecIPTTL::active>("ACTIVE", "false passes packets through untouched; default true")
        .argument<&DecIPTTL::multicast>("MULTICAST", "false leaves multicast packets untouched; default true")
        .state<&DecIPTTL::counts>("counts", counts_v1, "packets expired so far")
        .read<&DecIPTTL::drops>("drops", merge::sum, "packets whose time to live ran out")
        .read<&DecIPTTL::active>("active", merge::same, "whether the element works")
        .write<&DecIPTTL::active>("active", "makes it work, or pass packets through untouched")
        .drop("expired", "the time to live ran out and output 1 is not connected")
        .drop("no IP header", "the IP header is not marked or not whole");
HOTCLICK_EXPORT(info)
