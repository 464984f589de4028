#include <hotclick/element.hpp>
using namespace hotclick;

struct Counts {
  uint64_t packets = 0, bytes = 0;
};
constexpr auto counts_v1 = schema<Counts>(1, HC_FIELD(Counts, packets), HC_FIELD(Counts, bytes));

struct Counter : Element {
  State<Counts> counts;

  void action(Batch& batch) {
    uint64_t bytes = 0;
    for (Packet& p : batch) bytes += p.length;
    counts->packets += batch.count;
    counts->bytes += bytes;
  }
  uint64_t packets() const { return counts->packets; }
  uint64_t bytes() const { return counts->bytes; }
  void reset() { *counts = {}; }
};

constexpr auto info =
    element<Counter>("Counter", "1.0.0")
        .help("Counts packets and bytes that pass.\n\n    ... -> c :: Counter -> ...")
        .state<&Counter::counts>("counts", counts_v1, "packets and bytes seen so far")
        .read<&Counter::packets>("count", merge::sum, "packets since the start or the last reset")
        .read<&Counter::bytes>("byte_count", merge::sum, "bytes since the start or the last reset")
        .write<&Counter::reset>("reset", "sets both counts to zero")
        .write<&Counter::reset>("reset_counts", "the same");
HOTCLICK_EXPORT(info)
