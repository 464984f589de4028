#include "state_pointers.hh"

#include "../test/unit.hpp"

using namespace hotclick::core;

namespace {
SchemaCopy schema_of(uint32_t size, std::vector<Field> fields) {
  return {1, size, std::move(fields)};
}
bool has(const std::vector<PointerPlace>& places, uint32_t offset, const char* field) {
  for (const PointerPlace& p : places) {
    if (p.offset == offset) return p.field == field;
  }
  return false;
}
}  // namespace

TEST("an address fits a field of eight bytes, and fields of four bytes side by side hold none") {
  const auto places = pointer_places(schema_of(
      24,
      {{"wide", HC_U64, 0, 8}, {"low", HC_U32, 8, 4}, {"high", HC_U32, 12, 4}, {"when", HC_TIME, 16, 8}}));
  CHECK_EQ(places.size(), 2u);
  CHECK(has(places, 0, "wide"));
  CHECK(has(places, 16, "when"));
}

TEST("an address can stand anywhere in opaque bytes") {
  const auto places = pointer_places(schema_of(20, {{"count", HC_U32, 0, 4}, {"blob", HC_BYTES, 4, 16}}));
  CHECK_EQ(places.size(), 9u);
  CHECK(has(places, 4, "blob"));
  CHECK(has(places, 12, "blob"));
}

TEST("in many opaque bytes an address stands at a multiple of eight: halves of two numbers are none") {
  const auto places = pointer_places(schema_of(4096, {{"numbers", HC_BYTES, 0, 4096}}));
  CHECK_EQ(places.size(), 512u);
  CHECK(has(places, 8, "numbers"));
  CHECK(!has(places, 11, "numbers"));
}

TEST("a section of any size is looked at in a bounded time") {
  CHECK_EQ(pointer_places(schema_of(48u << 20, {{"block", HC_BYTES, 0, 48u << 20}})).size(), (1u << 20) / 8);
}

TEST("an address can stand where no field is declared, also behind a field that covers a part of it") {
  const auto places = pointer_places(schema_of(32, {{"count", HC_U64, 0, 8}, {"half", HC_U32, 8, 4}}));
  CHECK(has(places, 0, "count"));
  CHECK(has(places, 8, ""));
  CHECK(has(places, 16, ""));
  CHECK(has(places, 24, ""));
}

TEST("a record with nothing but small fields has no such place") {
  CHECK(pointer_places(schema_of(8, {{"a", HC_U16, 0, 2}, {"b", HC_ETHER, 2, 6}})).empty());
}
