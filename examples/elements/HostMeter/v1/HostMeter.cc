/// Counts packets by IPv4 source address.
///   ... -> MarkIPHeader(14) -> HostMeter -> ...
#include <hotclick/element.hpp>
#include <hotclick/ipv4.hpp>
#include <hotclick/table_scan.hpp>
using namespace hotclick;

// State of one instance: fixed size.
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

// Static variables: shared by all instances of the class in a shard.
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
    const Ipv4Header* ip = ipv4_header(p);
    if (!ip) return drop(no_header);
    ++totals->packets;
    count({{ip->source}});
    return 0;
  }
  void count(const HostKey& key) {
    uint32_t slot = hosts.find(key);
    if (slot == no_slot) {
      slot = hosts.insert(key);
      if (slot == no_slot) return;  // full: counted in the total only
      ++everywhere->hosts;
    }
    Host& host = hosts.value(slot);
    ++host.packets;
    host.last_seen = static_cast<uint32_t>((now() + shard()->wall_offset) / 1'000'000'000);
    hosts.touch(slot, timeout.ticks());
  }

  uint64_t packets() const { return totals->packets; }
  uint64_t hosts_ever() const { return everywhere->hosts; }
  void list(Text out) const {
    TableScan scan(hosts);
    for (uint32_t slot; (slot = scan.next()) != no_slot;) {
      const auto* b = reinterpret_cast<const uint8_t*>(&hosts.key(slot));
      const Host& host = hosts.value(slot);
      out.print("%u.%u.%u.%u %u %u\n", b[0], b[1], b[2], b[3], host.packets, host.last_seen);
    }
  }
};

constexpr auto info =
    element<HostMeter>("HostMeter", "1.0.0")
        .help("Counts packets by IPv4 source address. The IP header must have been marked.")
        .argument<&HostMeter::timeout>("TIMEOUT", "idle time after which a host is forgotten")
        .state<&HostMeter::totals>("totals", totals_v1, "packets of this instance")
        .table<&HostMeter::hosts>("hosts", host_key, host_v1, "packets by host")
        .section<&everywhere>("everywhere", everywhere_v1, "hosts of all instances")
        .read<&HostMeter::packets>("packets", merge::sum, "packets counted")
        .read<&HostMeter::hosts_ever>("hosts_ever", merge::sum, "hosts seen by all HostMeters")
        .read<&HostMeter::list>("hosts", merge::concat, "a line for each host: address, packets, second")
        .drop("no IP header", "the IP header is not marked or not whole");
HOTCLICK_EXPORT(info)
