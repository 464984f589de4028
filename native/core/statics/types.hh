/// The types of variables, from debug information: a hash that is equal when the memory means the same.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "dwarf.hh"

namespace hotclick::core {

struct VariableType {
  uint64_t hash = 0;  // 0: not known
  std::string name;   // as its author wrote it: "uint32_t", "Sample[16]"
  uint64_t size = 0;
  uint32_t value = 0;          // hc_type of a plain number, otherwise HC_BYTES
  bool has_pointers = false;   // in its own bytes
  bool leads_to_code = false;  // holds a code pointer, or a pointer over which one can be reached
};

/// Two types have one hash when their bytes are laid out alike and mean the same: names, places and types of all
/// fields and enumerators, and the same of all that pointers lead to. Names of typedefs do not matter, those of
/// structures do.
class TypeTable {
 public:
  explicit TypeTable(const DwarfInfo& dwarf) : dwarf_(dwarf) {}

  /// Notes the type at an offset of .debug_info, with all it is made of. The number that describe() takes.
  size_t add(uint64_t offset);
  /// After the last add(): works out the hashes.
  void finish();
  VariableType describe(size_t type) const;

 private:
  struct Node {
    uint64_t hash = 0;  // of what the type says itself; after finish(), with what it is made of
    std::vector<size_t> parts;
    std::string name;
    uint64_t size = 0;
    uint32_t value = 0;
    bool is_pointer = false, is_code = false, is_unknown = false;
    bool contains_pointer = false, reaches_code = false, reaches_unknown = false;
  };
  struct Written;

  Written resolve(uint64_t offset) const;
  void read_node(size_t index, const Die& die);
  void read_fields(Node& node, const Die& die, std::vector<uint64_t>& parts);
  void read_array(Node& node, const Die& die, std::vector<uint64_t>& parts);
  void read_enumerators(Node& node, const Die& die);
  size_t note(uint64_t offset);
  void read_noted();
  void spread_flags();

  const DwarfInfo& dwarf_;
  std::vector<Node> nodes_;
  std::vector<std::pair<size_t, std::string>> added_;  // node, and the name it was added by
  std::map<uint64_t, size_t> known_;                   // by offset of the type without its typedefs
  std::vector<uint64_t> unread_;
};

}  // namespace hotclick::core
