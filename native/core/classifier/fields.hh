/// Which bytes and words of a packet a rule set looks at.
#pragma once
#include <vector>

#include "value_set.hh"

namespace hotclick::core {

struct Field {
  Base base;
  Width width;
  uint16_t offset;
  bool operator==(const Field&) const = default;
};

/// The set of values of one field that a row accepts.
struct Constraint {
  uint32_t field;
  SetId set;
  bool operator==(const Constraint&) const = default;
};

/// Chooses the fields for all tests. A test of one byte reads a byte, so that its table is small, unless the
/// word around it is a field already and its first byte is meant.
class FieldTable {
 public:
  FieldTable(const std::vector<Test>& tests, SetPool& pool);
  const std::vector<Field>& fields() const { return fields_; }
  /// What test number `i` demands.
  Constraint constraint(uint32_t i) const { return constraints_[i]; }

 private:
  uint32_t find(const Field& field) const;
  uint32_t add(const Field& field);

  std::vector<Field> fields_;
  std::vector<Constraint> constraints_;
};

}  // namespace hotclick::core
