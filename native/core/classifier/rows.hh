/// Expressions as alternatives of conjunctions.
#pragma once
#include <unordered_map>

#include "fields.hh"

namespace hotclick::core {

/// All constraints must hold; sorted by field, at most one per field.
using Row = std::vector<Constraint>;
using Rows = std::vector<Row>;

/// Turns expressions into rows. Rows that differ in one field are joined and rows inside others dropped,
/// which keeps what people write small; what still explodes is refused.
class RowBuilder {
 public:
  static constexpr size_t most_rows = 16384;  // of one expression

  RowBuilder(const Expressions& expressions, const FieldTable& fields, SetPool& pool)
      : expressions_(expressions), fields_(fields), pool_(pool) {}

  /// False when the expression has too many alternatives.
  bool build(NodeId node, Rows& out);

 private:
  bool expand(NodeId node, bool negated, Rows& out);
  bool expand_product(NodeId node, bool negated, Rows& out);
  bool expand_sum(NodeId node, bool negated, Rows& out);
  bool multiply(const Rows& a, const Rows& b, Rows& out);
  bool intersect(const Row& a, const Row& b, Row& out);
  void compact(Rows& rows);
  bool join_on(Rows& rows, uint32_t field);
  void drop_covered(Rows& rows);
  bool covered(const Row& row, const Row& by);

  const Expressions& expressions_;
  const FieldTable& fields_;
  SetPool& pool_;
  std::unordered_map<uint64_t, Rows> known_;
  uint64_t work_ = 0;  // intersections made
};

}  // namespace hotclick::core
