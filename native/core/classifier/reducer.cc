#include "reducer.hh"

#include <algorithm>

namespace hotclick::core {
namespace {

constexpr uint32_t most_classes = 65535;  // class numbers are 16 bits

void set_bit(std::vector<uint64_t>& bits, uint32_t i) {
  bits[i / 64] |= uint64_t{1} << i % 64;
}

/// Words are looked up as they lie in memory.
uint32_t memory_order(uint32_t value, Width width) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  if (width == Width::word && value < word_half) return __builtin_bswap16(static_cast<uint16_t>(value));
#else
  (void)width;
#endif
  return value;
}

bool counts_bits_fast() {
#ifdef __x86_64__
  return __builtin_cpu_supports("popcnt");
#else
  return true;
#endif
}

}  // namespace

bool Reducer::build(Program& program, std::string& error) {
  for (uint32_t field = 0; field < fields_.size(); ++field) {
    if (!add_field(field, program, error)) return false;
  }
  merge_words_of_addresses(program);
  merge_cheapest(program);
  finish(program);
  return true;
}

std::vector<uint64_t> Reducer::open_rows(const std::vector<uint32_t>& fields) const {
  std::vector<uint64_t> open((rows_.size() + 63) / 64);
  for (uint32_t r = 0; r < rows_.size(); ++r) {
    for (const Constraint& c : rows_[r]) {
      if (!std::binary_search(fields.begin(), fields.end(), c.field)) set_bit(open, r);
    }
  }
  return open;
}

/// Sweeps over the values of a field: the bitmap of possible rows changes where an interval of some row's set
/// begins or ends.
bool Reducer::add_field(uint32_t field, Program& program, std::string& error) {
  struct Edge {
    uint32_t value, row;
    bool operator<(const Edge& other) const { return value < other.value; }
  };
  std::vector<Edge> edges;
  std::vector<uint64_t> possible((rows_.size() + 63) / 64);
  for (uint32_t r = 0; r < rows_.size(); ++r) {
    const auto at =
        std::find_if(rows_[r].begin(), rows_[r].end(), [&](const Constraint& c) { return c.field == field; });
    if (at == rows_[r].end()) {
      set_bit(possible, r);
      continue;
    }
    for (const Interval& i : pool_.intervals(at->set)) {
      edges.push_back({i.low, r});
      edges.push_back({i.high + 1, r});
    }
    if (edges.size() > 8'000'000) return error = "the rules are too complex", false;
  }
  const Width width = fields_[field].width;
  const uint32_t domain = domain_size(width);
  if (edges.empty()) return true;  // every row that used the field was contradictory
  std::sort(edges.begin(), edges.end());

  Node node;
  node.fields = {field};
  node.classes = std::make_unique<RowClasses>(groups_, open_rows(node.fields));
  std::vector<uint16_t> class_of_value(domain);
  std::vector<uint64_t> scratch;
  size_t edge = 0;
  for (uint32_t value = 0; value < domain;) {
    for (; edge < edges.size() && edges[edge].value == value; ++edge) {
      possible[edges[edge].row / 64] ^= uint64_t{1} << edges[edge].row % 64;
    }
    const uint32_t next = edge < edges.size() ? edges[edge].value : domain;
    scratch = possible;
    const uint32_t c =
        node.classes->intern(scratch.data(), groups_.none(), static_cast<uint32_t>(scratch.size()));
    if (c >= most_classes || bitmap_bytes_ + node.classes->bytes() > limits_.bitmap_bytes) {
      error = "the rules need more than " + std::to_string(limits_.bitmap_bytes >> 20) + " MiB of tables";
      return false;
    }
    for (; value < next; ++value) class_of_value[value] = static_cast<uint16_t>(c);
  }
  bitmap_bytes_ += node.classes->bytes();

  program.read_at(fields_[field].base, fields_[field].offset + (width == Width::word ? 2u : 1u));
  LookupStep step;
  step.field = fields_[field];
  step.slot = node.slot = next_slot_++;
  fill_lookup(step, class_of_value, node.classes->count());
  program.lookups.push_back(std::move(step));
  nodes_.push_back(std::move(node));
  return true;
}

void Reducer::fill_lookup(LookupStep& step, const std::vector<uint16_t>& class_of_value, uint32_t classes) {
  step.wide = classes > 256;
  const size_t domain = class_of_value.size();
  step.wide ? step.classes.resize(domain) : step.narrow.resize(domain);
  for (uint32_t value = 0; value < domain; ++value) {
    const uint32_t at = memory_order(value, step.field.width);
    if (step.wide) {
      step.classes[at] = class_of_value[value];
    } else {
      step.narrow[at] = static_cast<uint8_t>(class_of_value[value]);
    }
  }
}

bool Reducer::may_merge(const Node& a, const Node& b) const {
  const uint64_t entries = uint64_t{a.classes->count()} * b.classes->count();
  return entries <= limits_.merge_entries && table_bytes_ + 2 * entries <= limits_.table_bytes &&
         work_ + entries * a.classes->words() <= limits_.merge_work && next_slot_ < most_slots;
}

/// Replaces two nodes by one whose classes are those of the pairs; false when there would be too many.
bool Reducer::merge(size_t first, size_t second, Program& program) {
  const Node &a = nodes_[first], &b = nodes_[second];
  Node node;
  std::set_union(a.fields.begin(), a.fields.end(), b.fields.begin(), b.fields.end(),
                 std::back_inserter(node.fields));
  node.classes = std::make_unique<RowClasses>(groups_, open_rows(node.fields));
  MergeStep step{a.slot, b.slot, 0, b.classes->count(), {}};
  step.table.reserve(size_t{a.classes->count()} * b.classes->count());
  work_ += uint64_t{a.classes->count()} * b.classes->count() * a.classes->words();
  std::vector<uint64_t> scratch(a.classes->words());
  for (uint32_t i = 0; i < a.classes->count(); ++i) {
    const uint64_t* x = a.classes->rows(i);
    for (uint32_t k = 0; k < b.classes->count(); ++k) {
      const uint64_t* y = b.classes->rows(k);
      const uint32_t extent = std::min(a.classes->extent(i), b.classes->extent(k));
      for (uint32_t w = 0; w < extent; ++w) scratch[w] = x[w] & y[w];
      const uint32_t group = std::min(a.classes->decided(i), b.classes->decided(k));
      const uint32_t c = node.classes->intern(scratch.data(), group, extent);
      if (c >= most_classes || bitmap_bytes_ + node.classes->bytes() > limits_.bitmap_bytes) return false;
      step.table.push_back(static_cast<uint16_t>(c));
    }
  }
  bitmap_bytes_ += node.classes->bytes();
  bitmap_bytes_ -= a.classes->bytes() + b.classes->bytes();
  table_bytes_ += step.table.size() * sizeof(uint16_t);
  step.slot = node.slot = next_slot_++;
  program.merges.push_back(std::move(step));
  nodes_.erase(nodes_.begin() + static_cast<ptrdiff_t>(std::max(first, second)));
  nodes_.erase(nodes_.begin() + static_cast<ptrdiff_t>(std::min(first, second)));
  nodes_.push_back(std::move(node));
  return true;
}

/// The two halves of an address belong together: a pair of them has few classes, whatever the sizes suggest.
void Reducer::merge_words_of_addresses(Program& program) {
  for (uint16_t offset : {uint16_t{12}, uint16_t{16}}) {
    const auto half = [&](uint16_t at) {
      size_t i = 0;
      for (; i < nodes_.size(); ++i) {
        const Field& f = fields_[nodes_[i].fields[0]];
        if (nodes_[i].fields.size() == 1 && f.base == Base::network && f.width == Width::word &&
            f.offset == at)
          break;
      }
      return i;
    };
    const size_t high = half(offset), low = half(static_cast<uint16_t>(offset + 2));
    if (high < nodes_.size() && low < nodes_.size() && may_merge(nodes_[high], nodes_[low]))
      merge(high, low, program);
  }
}

void Reducer::merge_cheapest(Program& program) {
  for (;;) {
    size_t best_a = 0, best_b = 0;
    uint64_t best = UINT64_MAX;
    for (size_t a = 0; a < nodes_.size(); ++a) {
      for (size_t b = a + 1; b < nodes_.size(); ++b) {
        const uint64_t entries = uint64_t{nodes_[a].classes->count()} * nodes_[b].classes->count();
        if (entries >= best || !may_merge(nodes_[a], nodes_[b])) continue;
        best = entries;
        best_a = a;
        best_b = b;
      }
    }
    if (best == UINT64_MAX || !merge(best_a, best_b, program)) return;
  }
}

void Reducer::finish(Program& program) {
  if (nodes_.size() == 1) return finish_tables(program);
  program.method = Program::Method::intersection;
  Intersection& x = program.intersection;
  const uint32_t words = static_cast<uint32_t>((rows_.size() + 63) / 64);
  x.blocks = (words + 63) / 64;
  x.fast_count = counts_bits_fast();
  x.row_group = groups_.of_row;
  x.group_port = groups_.port;
  for (const Node& node : nodes_) {
    Intersection::Part part;
    part.slot = node.slot;
    for (uint32_t c = 0; c < node.classes->count(); ++c) {
      part.decided.push_back(node.classes->decided(c));
      const uint64_t* rows = node.classes->rows(c);
      for (uint32_t block = 0; block < x.blocks; ++block) {
        part.blocks.push_back({0, static_cast<uint32_t>(part.words.size()), 0});
        for (uint32_t w = block * 64; w < words && w < block * 64 + 64; ++w) {
          if (rows[w] == 0) continue;
          part.blocks.back().summary |= uint64_t{1} << w % 64;
          part.words.push_back(rows[w]);
        }
      }
    }
    x.parts.push_back(std::move(part));
  }
}

/// One node is left and nothing is open: its classes become ports.
void Reducer::finish_tables(Program& program) {
  program.method = Program::Method::tables;
  const auto port_of = [&](uint32_t c) { return groups_.port[nodes_[0].classes->decided(c)]; };
  if (!program.merges.empty()) {
    for (uint16_t& entry : program.merges.back().table) entry = port_of(entry);
    return;
  }
  LookupStep& step = program.lookups.back();
  std::vector<uint16_t> ports;
  for (uint32_t value = 0; value < domain_size(step.field.width); ++value)
    ports.push_back(port_of(step.class_of(value)));
  step.wide = true;
  step.narrow.clear();
  step.classes = std::move(ports);
}

}  // namespace hotclick::core
