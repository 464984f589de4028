#include "totals.hpp"

// Version 1 of the schema, but another layout: its author forgot to raise the version.
struct Sum {
  uint64_t packets = 0;
};
constexpr auto sum_v1 = schema<Sum>(1, HC_FIELD(Sum, packets));
HC_SECTION Section<Sum> total;

struct Totals : Element {
  void action(Batch& batch) { total->packets += batch.count; }
  uint64_t packets() const { return total->packets; }
};

constexpr auto info = element<Totals>("Totals", "1.2.0")
                          .help("Forgot to raise the schema's version.")
                          .section<&total>("total", sum_v1, "packets of all instances")
                          .read<&Totals::packets>("packets", merge::sum, "packets of all instances");
HOTCLICK_EXPORT(info)
