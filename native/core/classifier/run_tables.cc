/// Large classifiers: a lookup for each field, then tables that merge the classes of two fields into one,
/// until one is left (whose classes are ports) or the tables would grow too large; then bitmaps of rows are
/// intersected.
#include "locate.hh"

namespace hotclick::core {
namespace {

using Slot = uint16_t[chunk_size];

template <class Class>
void look_up_words(const uint8_t* const* at, uint32_t offset, const Class* classes, uint32_t count,
                   uint16_t* out) {
  for (uint32_t i = 0; i < count; ++i) {
    uint16_t word;
    memcpy(&word, at[i] + offset, 2);
    out[i] = classes[word];
  }
}

template <class Class>
void look_up_bytes(const uint8_t* const* at, uint32_t offset, const Class* classes, uint32_t count,
                   uint16_t* out) {
  for (uint32_t i = 0; i < count; ++i) out[i] = classes[at[i][offset]];
}

void look_up(const LookupStep& step, const Located& located, uint32_t count, uint16_t* out) {
  const uint8_t* const* at = located.at[static_cast<uint32_t>(step.field.base)];
  const uint32_t offset = step.field.offset;
  if (step.field.width == Width::byte) {
    if (step.wide) return look_up_bytes(at, offset, step.classes.data(), count, out);
    return look_up_bytes(at, offset, step.narrow.data(), count, out);
  }
  if (step.wide) return look_up_words(at, offset, step.classes.data(), count, out);
  look_up_words(at, offset, step.narrow.data(), count, out);
}

/// Bits set, without the instruction that the oldest x86-64 lacks.
struct PlainCount {
  static uint32_t count(uint64_t v) {
    v -= v >> 1 & 0x5555555555555555;
    v = (v & 0x3333333333333333) + (v >> 2 & 0x3333333333333333);
    v = (v + (v >> 4)) & 0x0F0F0F0F0F0F0F0F;
    return static_cast<uint32_t>(v * 0x0101010101010101 >> 56);
  }
};
struct FastCount {
  __attribute__((always_inline)) static uint32_t count(uint64_t v) {
    return static_cast<uint32_t>(__builtin_popcountll(v));
  }
};

/// The port for one packet from the classes that are left.
template <class Count>
__attribute__((always_inline)) inline uint16_t intersect(const Intersection& x, const Slot* slots,
                                                         uint32_t i) {
  using Block = Intersection::Block;
  const auto block_of = [&](const Intersection::Part& part, uint32_t number) -> const Block& {
    return part.blocks[slots[part.slot][i] * size_t{x.blocks} + number];
  };
  uint32_t group = UINT32_MAX;
  for (const Intersection::Part& part : x.parts) {
    const uint32_t decided = part.decided[slots[part.slot][i]];
    if (decided < group) group = decided;
  }
  for (uint32_t number = 0; number < x.blocks; ++number) {
    uint64_t candidates = ~uint64_t{0};
    for (const Intersection::Part& part : x.parts) candidates &= block_of(part, number).summary;
    for (; candidates != 0; candidates &= candidates - 1) {
      const uint64_t below = (candidates & -candidates) - 1;
      uint64_t rows = ~uint64_t{0};
      for (const Intersection::Part& part : x.parts) {
        const Block& block = block_of(part, number);
        rows &= part.words[block.first + Count::count(block.summary & below)];
      }
      if (rows == 0) continue;
      const uint32_t word = number * 64 + static_cast<uint32_t>(__builtin_ctzll(candidates));
      const uint32_t found = x.row_group[word * 64 + static_cast<uint32_t>(__builtin_ctzll(rows))];
      return x.group_port[found < group ? found : group];
    }
  }
  return x.group_port[group];
}

void intersect_plain(const Intersection& x, const Slot* slots, uint32_t count, uint16_t* ports) {
  for (uint32_t i = 0; i < count; ++i) ports[i] = intersect<PlainCount>(x, slots, i);
}
#ifdef __x86_64__
__attribute__((target("popcnt")))
#endif
void intersect_fast(const Intersection& x, const Slot* slots, uint32_t count, uint16_t* ports) {
  for (uint32_t i = 0; i < count; ++i) ports[i] = intersect<FastCount>(x, slots, i);
}

void intersect_all(const Intersection& x, const Slot* slots, uint32_t count, uint16_t* ports) {
  for (const Intersection::Part& part : x.parts) {
    const uint16_t* classes = slots[part.slot];
    for (uint32_t i = 0; i < count; ++i) prefetch(&part.blocks[classes[i] * size_t{x.blocks}]);
  }
  (x.fast_count ? intersect_fast : intersect_plain)(x, slots, count, ports);
}

}  // namespace

void run_tables(const Program& program, hc_packet* const* packets, uint32_t count, uint16_t* ports) {
  Located located;
  locate(program, packets, count, located);
  alignas(64) Slot slots[most_slots];
  for (const LookupStep& step : program.lookups) look_up(step, located, count, slots[step.slot]);
  for (uint64_t rest = located.incomplete; HC_UNLIKELY(rest != 0); rest &= rest - 1) {
    const uint32_t i = static_cast<uint32_t>(__builtin_ctzll(rest));
    for (const LookupStep& step : program.lookups) {
      const Extent extent = find_extent(*static_cast<const Packet*>(packets[i]), step.field.base);
      slots[step.slot][i] = step.class_of(field_value(extent, step.field));
    }
  }
  for (const MergeStep& step : program.merges) {
    const uint16_t *a = slots[step.a], *b = slots[step.b];
    uint16_t* out = slots[step.slot];
    const uint16_t* table = step.table.data();
    const uint32_t stride = step.stride;
    for (uint32_t i = 0; i < count; ++i) out[i] = table[a[i] * stride + b[i]];
  }
  if (program.method == Program::Method::intersection) {
    intersect_all(program.intersection, slots, count, ports);
  } else {
    const uint32_t last = program.merges.empty() ? program.lookups.back().slot : program.merges.back().slot;
    memcpy(ports, slots[last], count * sizeof(uint16_t));
  }
}

}  // namespace hotclick::core
