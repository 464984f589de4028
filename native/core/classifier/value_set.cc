#include "value_set.hh"

#include <algorithm>
#include <bit>

namespace hotclick::core {
namespace {

/// Appends, joining neighbours.
void append(std::vector<Interval>& list, uint32_t low, uint32_t high) {
  if (!list.empty() && list.back().high + 1 >= low) {
    list.back().high = std::max(list.back().high, high);
  } else {
    list.push_back({low, high});
  }
}

/// The values 0…limit-1 for which `holds`; `step` neighbours, starting at multiples of it, agree.
template <class Holds>
void append_runs(std::vector<Interval>& list, uint32_t limit, uint32_t step, uint32_t shift, Holds holds) {
  for (uint32_t v = 0; v < limit; v += step) {
    if (holds(v)) append(list, v + shift, v + step - 1 + shift);
  }
}

}  // namespace

SetPool::SetPool() {
  intern({});
  full_byte_ = intern({{0, byte_domain - 1}});
  full_word_ = intern({{0, word_domain - 1}});
}

SetId SetPool::intern(std::vector<Interval> intervals) {
  uint64_t hash = intervals.size();
  for (const Interval& i : intervals) {
    hash = (hash ^ (static_cast<uint64_t>(i.low) << 32 | i.high)) * 0x9E3779B97F4A7C15ull;
    hash ^= hash >> 29;
  }
  const auto [from, to] = by_hash_.equal_range(hash);
  for (auto at = from; at != to; ++at) {
    if (sets_[at->second] == intervals) return at->second;
  }
  stored_ += intervals.size() + 2;
  sets_.push_back(std::move(intervals));
  const SetId id = static_cast<SetId>(sets_.size() - 1);
  by_hash_.emplace(hash, id);
  return id;
}

SetId SetPool::of_test(const Test& test, Width width, bool upper) {
  std::vector<Interval> list;
  if (width == Width::byte) {
    append_runs(list, 256, 1, 0,
                [&](uint32_t v) { return test.holds(static_cast<uint16_t>(upper ? v << 8 : v)); });
    return intern(std::move(list));
  }
  // Values that differ only below the mask's lowest bit agree.
  const uint32_t step = 1u << std::countr_zero(test.mask);
  if (static_cast<uint32_t>(test.mask | (step - 1)) == 0xFFFF) {
    const uint32_t low = (test.low + step - 1) / step * step;  // above 65535: nothing is inside
    const uint32_t end = test.high / step * step + step;
    if (!test.negated && low < end) append(list, low, end - 1);
    if (test.negated && low > 0) append(list, 0, std::min(low, word_half) - 1);
    if (test.negated && end < word_half) append(list, std::max(low, end), word_half - 1);
  } else {
    append_runs(list, word_half, step, 0, [&](uint32_t v) { return test.holds(static_cast<uint16_t>(v)); });
  }
  if ((test.mask & 0xFF) == 0) {
    append_runs(list, 256, 1, word_half,
                [&](uint32_t v) { return test.holds(static_cast<uint16_t>(v << 8)); });
  }
  return intern(std::move(list));
}

SetId SetPool::unite(const std::vector<SetId>& sets) {
  std::vector<Interval> all, list;
  for (SetId set : sets) all.insert(all.end(), sets_[set].begin(), sets_[set].end());
  std::sort(all.begin(), all.end(), [](const Interval& x, const Interval& y) { return x.low < y.low; });
  for (const Interval& i : all) append(list, i.low, i.high);
  return intern(std::move(list));
}

SetId SetPool::intersect(SetId a, SetId b) {
  if (a == b) return a;
  if (a == full_word_ || a == full_byte_ || b == empty) return b;
  if (b == full_word_ || b == full_byte_ || a == empty) return a;
  const uint64_t key = static_cast<uint64_t>(std::min(a, b)) << 32 | std::max(a, b);
  if (const auto known = intersections_.find(key); known != intersections_.end()) return known->second;
  const auto &x = sets_[a], &y = sets_[b];
  std::vector<Interval> list;
  for (size_t i = 0, k = 0; i < x.size() && k < y.size();) {
    const uint32_t low = std::max(x[i].low, y[k].low), high = std::min(x[i].high, y[k].high);
    if (low <= high) list.push_back({low, high});
    x[i].high < y[k].high ? ++i : ++k;
  }
  const SetId id = intern(std::move(list));
  intersections_.emplace(key, id);
  stored_ += 4;
  return id;
}

SetId SetPool::complement(SetId set, Width width) {
  std::vector<Interval> list;
  uint32_t next = 0;
  for (const Interval& i : sets_[set]) {
    if (i.low > next) list.push_back({next, i.low - 1});
    next = i.high + 1;
  }
  if (next < domain_size(width)) list.push_back({next, domain_size(width) - 1});
  return intern(std::move(list));
}

}  // namespace hotclick::core
