#include "types.hh"

#include <functional>

#include "../../test/dwarf_image.hh"
#include "../../test/unit.hpp"

using namespace hotclick;
using namespace hotclick::core;

namespace {

/// The type that `make` writes and gives the place of.
VariableType type_of(const std::function<uint32_t(DwarfImage&)>& make) {
  ElfImage image;
  DwarfImage dwarf;
  const uint32_t place = make(dwarf);
  dwarf.add_to(image);
  const std::string bytes = image.bytes();
  const ElfFile file(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  const DwarfInfo info(file);
  CHECK(info.present());
  TypeTable table(info);
  const size_t type = table.add(place);
  table.finish();
  return table.describe(type);
}

struct Member {
  const char* name;
  uint32_t type, offset;
};

uint32_t structure(DwarfImage& dwarf, const char* name, uint32_t size, const std::vector<Member>& members) {
  const uint32_t place = dwarf.begin(dwarf::structure_type, true);
  dwarf.name(name).byte_size(size);
  for (const Member& m : members) {
    dwarf.begin(dwarf::member);
    dwarf.name(m.name).type(m.type).member_offset(m.offset);
  }
  dwarf.end_children();
  return place;
}

/// struct NAME { uint32_t FIRST; float or int rate; }
VariableType sample(const char* name, const char* first, bool floating) {
  return type_of([&](DwarfImage& d) {
    const uint32_t number = d.base("unsigned int", 4, dwarf::unsigned_);
    const uint32_t rate = d.base("rate", 4, floating ? dwarf::floating : dwarf::signed_);
    return structure(d, name, 8, {{first, number, 0}, {"rate", rate, 4}});
  });
}

/// struct Entry { Entry* next; VALUE value; } and a pointer to it, or the structure itself.
VariableType list(uint32_t value_kind, bool code, bool pointer) {
  return type_of([&](DwarfImage& d) {
    uint32_t value = d.base("value", 8, value_kind);
    if (code) {
      const uint32_t function = d.begin(dwarf::subroutine_type);
      value = d.begin(dwarf::pointer_type);
      d.type(function);
    }
    // The pointer comes right before the structure that it points to.
    const uint32_t next = d.begin(dwarf::pointer_type);
    d.type(next + 1 + 4);
    const uint32_t entry = structure(d, "Entry", 16, {{"next", next, 0}, {"value", value, 8}});
    CHECK_EQ(entry, next + 5);
    return pointer ? next : entry;
  });
}

}  // namespace

TEST("types: one hash for types whose memory means the same, whatever typedefs they have") {
  const auto plain = type_of([](DwarfImage& d) { return d.base("unsigned int", 4, dwarf::unsigned_); });
  const auto named = type_of([](DwarfImage& d) {
    const uint32_t base = d.base("unsigned int", 4, dwarf::unsigned_);
    const uint32_t constant = d.begin(dwarf::volatile_type);
    d.type(base);
    const uint32_t alias = d.begin(dwarf::typedef_);
    d.name("uint32_t").type(constant);
    return alias;
  });
  CHECK(plain.hash != 0);
  CHECK_EQ(plain.hash, named.hash);
  CHECK_EQ(named.name, "uint32_t");
  CHECK_EQ(named.size, 4u);
  CHECK(!named.has_pointers);
}

TEST("types: equal sizes with other meanings have other hashes") {
  const uint64_t here = sample("Sample", "packets", false).hash;
  CHECK_EQ(sample("Sample", "packets", false).hash, here);
  CHECK(sample("Sample", "packets", true).hash != here);
  CHECK(sample("Sample", "bytes", false).hash != here);
  CHECK(sample("Other", "packets", false).hash != here);
}

TEST("types: arrays differ by their lengths and are named by them") {
  const auto array = [](uint32_t rows, uint32_t columns) {
    return type_of([&](DwarfImage& d) {
      const uint32_t number = d.base("int", 4, dwarf::signed_);
      const uint32_t place = d.begin(dwarf::array_type, true);
      d.type(number);
      for (const uint32_t n : {rows, columns}) {
        d.begin(dwarf::subrange_type);
        d.count(n);
      }
      d.end_children();
      return place;
    });
  };
  CHECK(array(2, 8).hash != array(4, 4).hash);
  CHECK_EQ(array(2, 8).name, "int[2][8]");
  CHECK_EQ(array(2, 8).size, 64u);
}

TEST("types: what a pointer leads to counts, also when it leads back") {
  const auto numbers = list(dwarf::unsigned_, false, true);
  CHECK(numbers.hash != 0);
  CHECK_EQ(list(dwarf::unsigned_, false, true).hash, numbers.hash);
  CHECK(list(dwarf::floating, false, true).hash != numbers.hash);
  CHECK(numbers.has_pointers);
  CHECK(!numbers.leads_to_code);
  CHECK_EQ(numbers.name, "Entry*");
}

TEST("types: a pointer to code is found in a field and behind a pointer") {
  CHECK(list(dwarf::unsigned_, true, false).leads_to_code);
  CHECK(list(dwarf::unsigned_, true, true).leads_to_code);
}

TEST("types: a type that refers to nothing is not known") {
  const auto v = type_of([](DwarfImage& d) {
    const uint32_t place = d.begin(dwarf::typedef_);
    d.name("lost").type(0x7fff);
    return place;
  });
  CHECK_EQ(v.hash, 0u);
}
