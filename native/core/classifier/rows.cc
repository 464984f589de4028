#include "rows.hh"

#include <algorithm>

namespace hotclick::core {
namespace {

constexpr uint64_t most_work = 20'000'000;
constexpr size_t most_for_covering = 400;  // drop_covered is quadratic

uint64_t hash_without(const Row& row, uint32_t field) {
  uint64_t hash = 0;
  for (const Constraint& c : row) {
    if (c.field == field) continue;
    hash = (hash ^ (static_cast<uint64_t>(c.field) << 32 | c.set)) * 0x9E3779B97F4A7C15ull;
    hash ^= hash >> 31;
  }
  return hash;
}

const Constraint* find(const Row& row, uint32_t field) {
  for (const Constraint& c : row) {
    if (c.field == field) return &c;
  }
  return nullptr;
}

bool equal_without(const Row& a, const Row& b, uint32_t field) {
  size_t i = 0, k = 0;
  for (;;) {
    if (i < a.size() && a[i].field == field) ++i;
    if (k < b.size() && b[k].field == field) ++k;
    if (i == a.size() || k == b.size()) return i == a.size() && k == b.size();
    if (!(a[i++] == b[k++])) return false;
  }
}

}  // namespace

bool RowBuilder::build(NodeId node, Rows& out) {
  known_.clear();
  work_ = 0;
  return expand(node, false, out);
}

bool RowBuilder::expand(NodeId node, bool negated, Rows& out) {
  using Kind = Expressions::Kind;
  switch (expressions_.kind(node)) {
    case Kind::never:
    case Kind::always:
      out.clear();
      if ((node == Expressions::always) != negated) out.push_back({});
      return true;
    case Kind::test: {
      Constraint c = fields_.constraint(expressions_.test_of(node));
      if (negated) c.set = pool_.complement(c.set, fields_.fields()[c.field].width);
      out.clear();
      if (c.set != SetPool::empty) out.push_back({c});
      return true;
    }
    case Kind::negation:
      return expand(expressions_.operand(node), !negated, out);
    default:
      break;
  }
  const uint64_t key = static_cast<uint64_t>(node) << 1 | negated;
  if (const auto at = known_.find(key); at != known_.end()) return out = at->second, true;
  const bool product = (expressions_.kind(node) == Kind::all) != negated;
  if (!(product ? expand_product(node, negated, out) : expand_sum(node, negated, out))) return false;
  known_.emplace(key, out);
  return true;
}

bool RowBuilder::expand_sum(NodeId node, bool negated, Rows& out) {
  Rows sum, part;
  for (uint32_t i = 0; i < expressions_.child_count(node); ++i) {
    if (!expand(expressions_.child(node, i), negated, part)) return false;
    sum.insert(sum.end(), part.begin(), part.end());
    if (sum.size() > 4 * most_rows) return false;
  }
  compact(sum);
  out = std::move(sum);
  return out.size() <= most_rows && !pool_.exhausted();
}

bool RowBuilder::expand_product(NodeId node, bool negated, Rows& out) {
  std::vector<Rows> parts(expressions_.child_count(node));
  for (uint32_t i = 0; i < parts.size(); ++i) {
    if (!expand(expressions_.child(node, i), negated, parts[i])) return false;
  }
  // Small ones first: they may rule out much of the rest.
  std::stable_sort(parts.begin(), parts.end(),
                   [](const Rows& a, const Rows& b) { return a.size() < b.size(); });
  Rows product{{}}, next;
  for (const Rows& part : parts) {
    if (!multiply(product, part, next)) return false;
    product.swap(next);
  }
  out = std::move(product);
  return true;
}

bool RowBuilder::multiply(const Rows& a, const Rows& b, Rows& out) {
  out.clear();
  work_ += static_cast<uint64_t>(a.size()) * b.size();
  if (work_ > most_work) return false;
  Row row;
  for (const Row& x : a) {
    for (const Row& y : b) {
      if (intersect(x, y, row)) out.push_back(row);
      if (out.size() > 4 * most_rows) return false;
    }
  }
  compact(out);
  return out.size() <= most_rows && !pool_.exhausted();
}

bool RowBuilder::intersect(const Row& a, const Row& b, Row& out) {
  out.clear();
  size_t i = 0, k = 0;
  while (i < a.size() || k < b.size()) {
    if (k == b.size() || (i < a.size() && a[i].field < b[k].field)) {
      out.push_back(a[i++]);
    } else if (i == a.size() || b[k].field < a[i].field) {
      out.push_back(b[k++]);
    } else {
      const SetId set = pool_.intersect(a[i].set, b[k].set);
      if (set == SetPool::empty) return false;
      out.push_back({a[i].field, set});
      ++i, ++k;
    }
  }
  return true;
}

/// Joins rows that are equal but for `field`; true when some were.
bool RowBuilder::join_on(Rows& rows, uint32_t field) {
  const SetId full = pool_.full(fields_.fields()[field].width);
  std::unordered_multimap<uint64_t, size_t> first;
  std::vector<std::vector<SetId>> sets;  // for each row kept, what its relatives accept
  size_t kept = 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    const Constraint* mine = find(rows[i], field);
    const SetId set = mine ? mine->set : full;
    const uint64_t hash = hash_without(rows[i], field);
    const auto [from, to] = first.equal_range(hash);
    auto at = from;
    while (at != to && !equal_without(rows[at->second], rows[i], field)) ++at;
    if (at != to) {
      sets[at->second].push_back(set);
      continue;
    }
    first.emplace(hash, kept);
    sets.push_back({set});
    if (kept != i) rows[kept] = std::move(rows[i]);
    ++kept;
  }
  if (kept == rows.size()) return false;
  rows.resize(kept);
  for (size_t i = 0; i < kept; ++i) {
    if (sets[i].size() == 1) continue;
    const SetId set = pool_.unite(sets[i]);
    for (size_t k = 0; k < rows[i].size(); ++k) {
      if (rows[i][k].field != field) continue;
      rows[i][k].set = set;
      if (set == full) rows[i].erase(rows[i].begin() + static_cast<ptrdiff_t>(k));
      break;
    }
  }
  return true;
}

void RowBuilder::compact(Rows& rows) {
  if (rows.size() < 2) return;
  std::vector<uint32_t> used;
  for (const Row& row : rows) {
    for (const Constraint& c : row) used.push_back(c.field);
  }
  std::sort(used.begin(), used.end());
  used.erase(std::unique(used.begin(), used.end()), used.end());
  for (bool joined = true; joined && rows.size() > 1;) {
    joined = false;
    for (uint32_t field : used) joined |= join_on(rows, field);
  }
  if (rows.size() > 1 && rows.size() <= most_for_covering) drop_covered(rows);
}

bool RowBuilder::covered(const Row& row, const Row& by) {
  for (const Constraint& c : by) {
    const Constraint* mine = find(row, c.field);
    if (!mine || !pool_.subset(mine->set, c.set)) return false;
  }
  return true;
}

void RowBuilder::drop_covered(Rows& rows) {
  std::stable_sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a.size() < b.size(); });
  Rows kept;
  for (Row& row : rows) {
    bool inside = false;
    for (size_t i = 0; i < kept.size() && !inside; ++i) inside = covered(row, kept[i]);
    if (!inside) kept.push_back(std::move(row));
  }
  rows.swap(kept);
}

}  // namespace hotclick::core
