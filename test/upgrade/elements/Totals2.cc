#include "totals.hpp"

// Wider counts, bytes beside packets, and a field whose value the author's function makes.
struct Sum {
  uint64_t bytes = 0;
  uint64_t packets = 0;
};
constexpr auto sum_v2 = schema<Sum>(2, HC_FIELD(Sum, bytes), HC_FIELD(Sum, packets));
HC_SECTION Section<Sum> total;

struct Seen {
  uint64_t packets = 0;
  uint64_t before_upgrade = 0;
};
constexpr auto seen_v2 = schema<Seen>(2, HC_FIELD(Seen, packets), HC_FIELD(Seen, before_upgrade))
                             .up_from<[](const hc_record_view& old, Seen& now) {
                               now.before_upgrade = field_u64(old, "packets");
                             }>(1);

struct Totals : Element {
  Table<LengthKey, Seen> lengths{4096};

  void action(Batch& batch) {
    total->packets += batch.count;
    for (Packet& p : batch) total->bytes += p.length;
  }
  uint64_t packets() const { return total->packets; }
  void list(Text out) const {
    for (uint32_t slot = 0; slot < lengths.size(); ++slot) {
      out.print("%u %llu %llu\n", lengths.key(slot).length,
                static_cast<unsigned long long>(lengths.value(slot).packets),
                static_cast<unsigned long long>(lengths.value(slot).before_upgrade));
    }
  }
};

constexpr auto info = element<Totals>("Totals", "2.0.0")
                          .help("Counts packets and bytes in static variables.")
                          .section<&total>("total", sum_v2, "packets and bytes of all instances")
                          .table<&Totals::lengths>("lengths", length_key, seen_v2, "packets by length")
                          .read<&Totals::packets>("packets", merge::sum, "packets of all instances")
                          .read<&Totals::list>("lengths", merge::concat, "packets by length");
HOTCLICK_EXPORT(info)
