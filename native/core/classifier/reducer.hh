/// Builds the tables of a large classifier from its rows.
#pragma once
#include <memory>
#include <string>

#include "program.hh"
#include "row_classes.hh"
#include "rows.hh"

namespace hotclick::core {

/// Bounds of what the reducer may build.
struct ReducerLimits {
  uint64_t merge_entries = 1u << 20;   // of one merge table
  uint64_t table_bytes = 8u << 20;     // of all merge tables
  uint64_t merge_work = 400'000'000;   // bitmap words looked at while merging
  uint64_t bitmap_bytes = 256u << 20;  // while building
};

class Reducer {
 public:
  Reducer(const Rows& rows, const RowGroups& groups, const std::vector<Field>& fields, const SetPool& pool,
          const ReducerLimits& limits)
      : rows_(rows), groups_(groups), fields_(fields), pool_(pool), limits_(limits) {}

  /// False with `error` set when the rule set is too large.
  bool build(Program& program, std::string& error);

 private:
  struct Node {
    std::unique_ptr<RowClasses> classes;
    std::vector<uint32_t> fields;  // sorted
    uint16_t slot;
  };

  std::vector<uint64_t> open_rows(const std::vector<uint32_t>& fields) const;
  bool add_field(uint32_t field, Program& program, std::string& error);
  void fill_lookup(LookupStep& step, const std::vector<uint16_t>& class_of_value, uint32_t classes);
  bool may_merge(const Node& a, const Node& b) const;
  bool merge(size_t a, size_t b, Program& program);
  void merge_words_of_addresses(Program& program);
  void merge_cheapest(Program& program);
  void finish(Program& program);
  void finish_tables(Program& program);

  const Rows& rows_;
  const RowGroups& groups_;
  const std::vector<Field>& fields_;
  const SetPool& pool_;
  ReducerLimits limits_;
  std::vector<Node> nodes_;
  uint64_t bitmap_bytes_ = 0, table_bytes_ = 0, work_ = 0;
  uint16_t next_slot_ = 0;
};

}  // namespace hotclick::core
