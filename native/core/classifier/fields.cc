#include "fields.hh"

namespace hotclick::core {

uint32_t FieldTable::find(const Field& field) const {
  uint32_t i = 0;
  while (i < fields_.size() && !(fields_[i] == field)) ++i;
  return i;
}

uint32_t FieldTable::add(const Field& field) {
  const uint32_t i = find(field);
  if (i == fields_.size()) fields_.push_back(field);
  return i;
}

FieldTable::FieldTable(const std::vector<Test>& tests, SetPool& pool) {
  for (const Test& t : tests) {
    if ((t.mask & 0xFF) != 0 && (t.mask >> 8) != 0) add({t.base, Width::word, t.offset});
  }
  for (const Test& t : tests) {
    const bool upper = (t.mask & 0xFF) == 0, lower = (t.mask >> 8) == 0;
    Field field{t.base, Width::word, t.offset};
    if (lower || (upper && find(field) == fields_.size())) {
      field = {t.base, Width::byte, static_cast<uint16_t>(t.offset + (lower ? 1 : 0))};
    }
    constraints_.push_back({add(field), pool.of_test(t, field.width, upper)});
  }
}

}  // namespace hotclick::core
