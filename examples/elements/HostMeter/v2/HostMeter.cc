/// Counts packets and bytes by IPv4 source address.
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
  uint64_t packets = 0;
  uint64_t bytes = 0;
  Time last_seen;  // nanoseconds since the epoch
};
constexpr auto host_key = schema<HostKey>(1, HC_FIELD(HostKey, address));

// The record as version 1 had it.
struct HostV1 {
  uint32_t packets, last_seen;
};
// Fields of equal name have been carried over when these run; the unit is what only the author knows.
void from_v1(const hc_record_view& old, Host& host) {
  host.last_seen.ns = field_u64(old, "last_seen") * 1'000'000'000;
}
void to_v1(const hc_record_view& host, void* old) {
  static_cast<HostV1*>(old)->last_seen = static_cast<uint32_t>(field_u64(host, "last_seen") / 1'000'000'000);
}
constexpr auto host_v2 =
    schema<Host>(2, HC_FIELD(Host, packets), HC_FIELD(Host, bytes), HC_FIELD(Host, last_seen))
        .up_from<&from_v1>(1)
        .down_to<&to_v1>(1);

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
    count({{ip->source}}, p.length);
    return 0;
  }
  void count(const HostKey& key, uint32_t bytes) {
    uint32_t slot = hosts.find(key);
    if (slot == no_slot) {
      slot = hosts.insert(key);
      if (slot == no_slot) return;  // full: counted in the total only
      ++everywhere->hosts;
    }
    Host& host = hosts.value(slot);
    ++host.packets;
    host.bytes += bytes;
    host.last_seen = {now() + shard()->wall_offset};
    hosts.touch(slot, timeout.ticks());
  }

  uint64_t packets() const { return totals->packets; }
  uint64_t hosts_ever() const { return everywhere->hosts; }
  void list(Text out) const {
    TableScan scan(hosts);
    for (uint32_t slot; (slot = scan.next()) != no_slot;) {
      const auto* b = reinterpret_cast<const uint8_t*>(&hosts.key(slot));
      const Host& host = hosts.value(slot);
      out.print("%u.%u.%u.%u %llu %llu %llu\n", b[0], b[1], b[2], b[3],
                static_cast<unsigned long long>(host.packets), static_cast<unsigned long long>(host.bytes),
                static_cast<unsigned long long>(host.last_seen.ns / 1'000'000'000));
    }
  }
};

constexpr auto info =
    element<HostMeter>("HostMeter", "2.0.0")
        .help("Counts packets and bytes by IPv4 source address. The IP header must have been marked.")
        .argument<&HostMeter::timeout>("TIMEOUT", "idle time after which a host is forgotten")
        .state<&HostMeter::totals>("totals", totals_v1, "packets of this instance")
        .table<&HostMeter::hosts>("hosts", host_key, host_v2, "packets and bytes by host")
        .section<&everywhere>("everywhere", everywhere_v1, "hosts of all instances")
        .read<&HostMeter::packets>("packets", merge::sum, "packets counted")
        .read<&HostMeter::hosts_ever>("hosts_ever", merge::sum, "hosts seen by all HostMeters")
        .read<&HostMeter::list>("hosts", merge::concat,
                                "a line for each host: address, packets, bytes, second")
        .drop("no IP header", "the IP header is not marked or not whole");
HOTCLICK_EXPORT(info)
