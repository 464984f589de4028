/// Debug information (DWARF 3 to 5) of an element library, as far as its variables and their types need it.
/// Nothing is trusted: a reference or a length that leads outside makes a read fail, never more.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "../elf_file.hh"

namespace hotclick::core {

/// Reads numbers one after the other; `bad` is set once something lay beyond the end.
struct DwarfCursor {
  ByteView bytes;
  uint64_t at = 0;
  bool bad = false;

  uint64_t fixed(uint32_t width);
  uint64_t uleb();
  int64_t sleb();
  std::string_view text();
  void skip(uint64_t n);
};

/// One entry of the debug information: the attributes that are of interest, where it has them.
struct Die {
  uint64_t offset = 0;  // in .debug_info
  uint64_t next = 0;    // what follows it: its first child, if it has children
  uint32_t tag = 0;     // DW_TAG_…; 0 ends a list of children
  bool has_children = false;
  bool is_declaration = false;
  bool has_location = false;
  std::string_view name, linkage_name;
  std::optional<uint64_t> type, origin;  // offsets: DW_AT_type; DW_AT_specification or DW_AT_abstract_origin
  std::optional<uint64_t> byte_size, encoding, upper_bound, count, const_value;
  std::optional<uint64_t> member_offset, bit_size, bit_offset;
  std::optional<uint64_t> address;  // of a variable that has one fixed place
};

namespace dwarf {
// DWARF 5, section 7.5: the numbers that are used here.
enum Tag : uint32_t {
  array_type = 0x01,
  class_type = 0x02,
  enumeration_type = 0x04,
  formal_parameter = 0x05,
  lexical_block = 0x0b,
  member = 0x0d,
  pointer_type = 0x0f,
  reference_type = 0x10,
  structure_type = 0x13,
  subroutine_type = 0x15,
  typedef_ = 0x16,
  union_type = 0x17,
  inheritance = 0x1c,
  inlined_subroutine = 0x1d,
  ptr_to_member_type = 0x1f,
  subrange_type = 0x21,
  base_type = 0x24,
  const_type = 0x26,
  enumerator = 0x28,
  subprogram = 0x2e,
  variable = 0x34,
  volatile_type = 0x35,
  restrict_type = 0x37,
  namespace_ = 0x39,
  unspecified_type = 0x3b,
  rvalue_reference_type = 0x42,
  atomic_type = 0x47
};
enum Encoding : uint32_t {
  boolean = 2,
  floating = 4,
  signed_ = 5,
  signed_char = 6,
  unsigned_ = 7,
  unsigned_char = 8
};
}  // namespace dwarf

class DwarfInfo {
 public:
  /// The file must outlive it. `present()` says whether there is anything to read.
  explicit DwarfInfo(const ElfFile& file);

  bool present() const { return !units_.empty(); }
  /// Reads the entry at an offset of .debug_info; false when there is none.
  bool read(uint64_t offset, Die& die) const;
  /// The children of `die`, in order; `each(child)`. False when the list does not end as it should.
  template <class Each>
  bool each_child(const Die& die, const Each& each) const {
    if (!die.has_children) return true;
    Die child;
    for (uint64_t at = die.next; read(at, child); at = after(child)) {
      if (child.tag == 0) return true;
      each(child);
    }
    return false;
  }
  /// Every entry of every unit, parents first; `each(die, depth)`. False when one cannot be read.
  template <class Each>
  bool walk(const Each& each) const {
    for (const Unit& unit : units_) {
      uint32_t depth = 0;
      Die die;
      for (uint64_t at = unit.dies; at < unit.end; at = die.next) {
        if (!read(at, die)) return false;
        if (die.tag == 0) {
          if (depth == 0) return false;
          if (--depth == 0) break;  // the rest is padding
          continue;
        }
        each(die, depth);
        if (die.has_children)
          ++depth;
        else if (depth == 0)
          break;
      }
    }
    return true;
  }
  /// Follows DW_AT_specification and DW_AT_abstract_origin to the entry with the name and the type, and fills
  /// in what `die` itself does not say.
  void complete(Die& die) const;

 private:
  struct AttributeSpec {
    uint64_t name, form;
    int64_t implicit;
  };
  struct Abbreviation {
    uint32_t tag = 0;
    bool has_children = false;
    std::vector<AttributeSpec> attributes;
  };
  using Abbreviations = std::map<uint64_t, Abbreviation>;
  struct Unit {
    uint64_t begin, dies, end;
    uint16_t version;
    uint8_t address_size;
    std::shared_ptr<const Abbreviations> abbreviations;
  };
  struct Value {
    uint64_t number = 0;
    std::string_view text;
    ByteView block;
    bool is_constant = false, is_reference = false;
  };

  void read_units();
  std::shared_ptr<const Abbreviations> abbreviations_at(uint64_t offset);
  const Unit* unit_of(uint64_t offset) const;
  bool read_value(const Unit& unit, DwarfCursor& cursor, uint64_t form, int64_t implicit, Value& value) const;
  static void note(Die& die, uint64_t attribute, const Value& value, const Unit& unit);
  /// The offset behind `die` and all its children.
  uint64_t after(const Die& die) const;

  ByteView info_, abbrev_, strings_, line_strings_;
  std::vector<Unit> units_;
  std::map<uint64_t, std::shared_ptr<const Abbreviations>> tables_;
  /// Entries that may still be read: an end for input that was made to take for ever.
  mutable uint64_t budget_ = 0;
};

}  // namespace hotclick::core
