#include "fragile.hpp"
using namespace hotclick;

// Another layout. The author's functions crash when `marks` has a number for them.
struct Counts {
  uint64_t added = 0;
  uint64_t marks = 0;
  uint64_t packets = 0;
};
struct Seen {
  uint64_t added = 3;
  uint64_t packets = 0;
};
constexpr auto counts_v2 =
    schema<Counts>(2, HC_FIELD(Counts, added), HC_FIELD(Counts, marks), HC_FIELD(Counts, packets))
        .up_from<[](const hc_record_view& old, Counts& now) {
          now.added = 1;
          if (field_u64(old, "marks") == 1001) Breakage::write_to_null();
        }>(1)
        .down_to<[](const hc_record_view& now, void*) {
          if (field_u64(now, "marks") == 1002) Breakage::write_to_null();
        }>(1);
constexpr auto seen_v2 = schema<Seen>(2, HC_FIELD(Seen, added), HC_FIELD(Seen, packets))
                             .down_to<[](const hc_record_view& now, void*) {
                               if (field_u64(now, "added") != 3) Breakage::write_to_null();
                             }>(1);

struct Fragile : FragileElement<Fragile, Counts, Seen> {
  static constexpr bool obeys = true;
  /// From now on the way back of the records crashes.
  void spoil() {
    TableScan scan(lengths);
    for (uint32_t slot; (slot = scan.next()) != no_slot;) lengths.value(slot).added = 4;
  }
};

constexpr auto info = fragile<Fragile>("3.0.0", counts_v2, seen_v2)
                          .write<&Fragile::spoil>("spoil", "makes the way back of the records crash");
HOTCLICK_EXPORT(info)
