#include "totals.hpp"

struct Sum {
  uint32_t packets = 0;
};
constexpr auto sum_v1 = schema<Sum>(1, HC_FIELD(Sum, packets));
HC_SECTION Section<Sum> total;

struct Seen {
  uint32_t packets = 0;
};
constexpr auto seen_v1 = schema<Seen>(1, HC_FIELD(Seen, packets));

struct Totals : Element {
  Table<LengthKey, Seen> lengths{4096};

  void action(Batch& batch) {
    total->packets += batch.count;
    for (Packet& p : batch) {
      const LengthKey key{p.length};
      uint32_t slot = lengths.find(key);
      if (slot == no_slot) slot = lengths.insert(key);
      if (slot == no_slot) continue;
      ++lengths.value(slot).packets;
      lengths.mark_dirty(slot);
    }
  }
  uint64_t packets() const { return total->packets; }
  void list(Text out) const {
    for (uint32_t slot = 0; slot < lengths.size(); ++slot) {
      out.print("%u %u\n", lengths.key(slot).length, lengths.value(slot).packets);
    }
  }
};

constexpr auto info = element<Totals>("Totals", "1.0.0")
                          .help("Counts packets in static variables and by length.")
                          .section<&total>("total", sum_v1, "packets of all instances")
                          .table<&Totals::lengths>("lengths", length_key, seen_v1, "packets by length")
                          .read<&Totals::packets>("packets", merge::sum, "packets of all instances")
                          .read<&Totals::list>("lengths", merge::concat, "packets by length");
HOTCLICK_EXPORT(info)
