/// Counts packets by IPv4 source address.
///   ... -> MarkIPHeader(14) -> HostMeter -> ...
#include <hotclick/element.hpp>
#include <hotclick/ipv4.hpp>
using namespace hotclick;

// State of one instance.
struct Totals {
  uint64_t packets = 0;
};
constexpr auto totals_v1 = schema<Totals>(1, HC_FIELD(Totals, packets));

// A table: one record for each host.
struct HostKey {
  Ipv4Address address;
};
struct Host {
  uint32_t packets = 0;
  uint32_t last_seen = 0;  // seconds since the epoch
};
constexpr auto host_key = schema<HostKey>(1, HC_FIELD(HostKey, address));
constexpr auto host_v1 = schema<Host>(1, HC_FIELD(Host, packets), HC_FIELD(Host, last_seen));

// Static variables of the library: all instances in a shard share them.
struct Everywhere {
  uint64_t hosts = 0;
};
constexpr auto everywhere_v1 = schema<Everywhere>(1, HC_FIELD(Everywhere, hosts));
HC_SECTION Section<Everywhere> everywhere;

struct HostMeter : Element {
  enum : uint32_t { no_header };
  Duration timeout{300'000'000'000};
  State<Totals> totals;
  Table<HostKey, Host> hosts{65536};

  uint32_t route(Packet& p) {
    if (p.network_length() < sizeof(Ipv4Header)) return drop(no_header);
    count({reinterpret_cast<const Ipv4Header*>(p.network())->source});
    return 0;
  }
  void list(Text out) const {
    for (uint32_t slot = 0; slot < hosts.size(); ++slot) {
      const uint8_t* b = reinterpret_cast<const uint8_t*>(&hosts.key(slot));
      out.print("%u.%u.%u.%u %u\n", b[0], b[1], b[2], b[3], hosts.value(slot).packets);
    }
  }
};
