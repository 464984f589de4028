/// The static variables of a library that it has not declared as state: where each lies, and what pairs it with
/// the same variable of another version.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace hotclick::core {

inline constexpr uint64_t page_size = 4096;

struct StaticObject {
  /// What pairs it: its symbol, or FUNCTION::NAME where the symbol has a number that says nothing.
  std::string key;
  std::string name;       // for people: "Meter::push(hotclick::Batch&)::seen"
  std::string function;   // that owns it; empty for variables outside of functions
  std::string section;    // ".data" or ".bss", as the compiler chose it
  std::string type_name;  // empty when it is not known
  uint64_t key_hash = 0;
  uint64_t address = 0, size = 0;  // in the library's image
  uint64_t type = 0;               // hash of the type; 0 when it is not known
  uint32_t value = 0;              // hc_type of a plain number, otherwise HC_BYTES
  bool may_point = true;           // may hold addresses: unknown, or a type with pointers
  bool guard = false;              // the compiler's note that a variable has been initialised
  bool operator==(const StaticObject&) const = default;
};

struct StaticsLayout {
  std::vector<StaticObject> objects;  // by key_hash
  uint64_t begin = 0, end = 0;        // of the memory that holds them all
  /// Between them lie only bytes that align them.
  bool contiguous = true;
  /// They have whole pages of their own, so that the pages can be mapped.
  bool own_pages = false;
  /// Of keys, places, sizes and types: equal when the whole memory means the same.
  uint64_t hash = 0;

  bool empty() const { return objects.empty(); }
  uint64_t size() const { return end - begin; }
  /// Whether every type is known.
  bool typed() const;
  /// Sorts, and works out what follows from the objects; false when two keys have one hash.
  bool finish();
  /// Extends begin and end to whole pages.
  void take_pages();
};

}  // namespace hotclick::core
