/// Counts packets in static variables that it does not declare: an element whose author knew nothing of upgrades.
///   ... -> PlainMeter -> ...
#include <hotclick/element.hpp>
using namespace hotclick;

struct Sizes {
  uint64_t small = 0, large = 0;
};
static Sizes sizes;
static uint32_t limit = 1000;
static uint16_t lengths[16];  // of the last packets

/// Adds to a count of its own and gives it back.
static uint64_t count_all(uint64_t n) {
  static uint64_t seen = 0;
  return seen += n;
}

struct PlainMeter : Element {
  void action(Batch& batch) {
    count_all(batch.count);
    for (Packet& p : batch) {
      ++(p.length > limit ? sizes.large : sizes.small);
      lengths[count_all(0) % 16] = static_cast<uint16_t>(p.length);
    }
  }
  uint64_t packets() const { return count_all(0); }
  uint64_t small() const { return sizes.small; }
  uint64_t last() const { return lengths[count_all(0) % 16]; }
  uint64_t largest_small() const { return limit; }
  void double_limit() { limit *= 2; }
};

constexpr auto info =
    element<PlainMeter>("PlainMeter", "1.0.0")
        .help("Counts packets in static variables.")
        .read<&PlainMeter::packets>("packets", merge::sum, "packets of all instances")
        .read<&PlainMeter::small>("small", merge::sum, "packets up to the limit")
        .read<&PlainMeter::last>("last", merge::max, "length of a late packet")
        .read<&PlainMeter::largest_small>("limit", merge::same, "bytes a small packet may have")
        .write<&PlainMeter::double_limit>("double_limit", "doubles the limit");
HOTCLICK_EXPORT(info)
