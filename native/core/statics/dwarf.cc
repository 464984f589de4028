#include "dwarf.hh"

namespace hotclick::core {
namespace {

constexpr uint64_t largest_budget = 50'000'000;
constexpr uint64_t most_abbreviations = 1'000'000;

constexpr uint64_t form_implicit_const = 0x21;

ByteView section(const ElfFile& file, std::string_view name) {
  const ElfSection* s = file.find(name);
  return s && !(s->head.sh_flags & SHF_COMPRESSED) ? file.bytes(*s) : ByteView();
}

}  // namespace

DwarfInfo::DwarfInfo(const ElfFile& file)
    : info_(section(file, ".debug_info")),
      abbrev_(section(file, ".debug_abbrev")),
      strings_(section(file, ".debug_str")),
      line_strings_(section(file, ".debug_line_str")),
      budget_(largest_budget) {
  read_units();
}

void DwarfInfo::read_units() {
  constexpr uint64_t compile_unit = 1, partial_unit = 3;
  DwarfCursor cursor{info_};
  while (cursor.at < info_.size) {
    Unit unit = {};
    unit.begin = cursor.at;
    const uint64_t length = cursor.fixed(4);
    if (cursor.bad || length >= 0xfffffff0 || !info_.has(cursor.at, length)) break;  // 64-bit DWARF or damage
    unit.end = cursor.at + length;
    unit.version = static_cast<uint16_t>(cursor.fixed(2));
    uint64_t kind = compile_unit, table = 0;
    if (unit.version >= 5) {
      kind = cursor.fixed(1);
      unit.address_size = static_cast<uint8_t>(cursor.fixed(1));
      table = cursor.fixed(4);
    } else {
      table = cursor.fixed(4);
      unit.address_size = static_cast<uint8_t>(cursor.fixed(1));
    }
    unit.dies = cursor.at;
    const bool readable = !cursor.bad && unit.version >= 3 && unit.version <= 5 && unit.address_size == 8 &&
                          (kind == compile_unit || kind == partial_unit) && unit.dies <= unit.end;
    if (readable && (unit.abbreviations = abbreviations_at(table))) units_.push_back(unit);
    cursor.at = unit.end;
  }
}

std::shared_ptr<const DwarfInfo::Abbreviations> DwarfInfo::abbreviations_at(uint64_t offset) {
  if (const auto known = tables_.find(offset); known != tables_.end()) return known->second;
  auto table = std::make_shared<Abbreviations>();
  DwarfCursor cursor{abbrev_, offset};
  while (const uint64_t code = cursor.uleb()) {
    Abbreviation a;
    a.tag = static_cast<uint32_t>(cursor.uleb());
    a.has_children = cursor.fixed(1) != 0;
    for (;;) {
      AttributeSpec s = {};
      s.name = cursor.uleb();
      s.form = cursor.uleb();
      if (s.form == form_implicit_const) s.implicit = cursor.sleb();
      if (cursor.bad || (s.name == 0 && s.form == 0)) break;
      a.attributes.push_back(s);
      if (budget_ > 0) --budget_;
    }
    if (cursor.bad || budget_ == 0 || table->size() >= most_abbreviations) break;
    table->emplace(code, std::move(a));
  }
  if (cursor.bad || budget_ == 0) table = nullptr;
  tables_[offset] = table;
  return table;
}

const DwarfInfo::Unit* DwarfInfo::unit_of(uint64_t offset) const {
  size_t low = 0, high = units_.size();
  while (low < high) {
    const size_t middle = (low + high) / 2;
    if (offset >= units_[middle].end)
      low = middle + 1;
    else
      high = middle;
  }
  return low < units_.size() && offset >= units_[low].dies ? &units_[low] : nullptr;
}

bool DwarfInfo::read(uint64_t offset, Die& die) const {
  die = Die();
  die.offset = offset;
  const Unit* unit = unit_of(offset);
  if (!unit || budget_ == 0) return false;
  --budget_;
  DwarfCursor cursor{{info_.data, unit->end}, offset};
  const uint64_t code = cursor.uleb();
  die.next = cursor.at;
  if (cursor.bad) return false;
  if (code == 0) return true;
  const auto found = unit->abbreviations->find(code);
  if (found == unit->abbreviations->end()) return false;
  die.tag = found->second.tag;
  die.has_children = found->second.has_children;
  for (const AttributeSpec& a : found->second.attributes) {
    Value value;
    if (!read_value(*unit, cursor, a.form, a.implicit, value)) return false;
    note(die, a.name, value, *unit);
  }
  die.next = cursor.at;
  return die.tag != 0;
}

uint64_t DwarfInfo::after(const Die& die) const {
  uint64_t at = die.next;
  Die inner;
  for (uint32_t depth = die.has_children ? 1 : 0; depth > 0; at = inner.next) {
    if (!read(at, inner)) return info_.size;
    if (inner.tag == 0)
      --depth;
    else if (inner.has_children)
      ++depth;
  }
  return at;
}

void DwarfInfo::complete(Die& die) const {
  std::optional<uint64_t> origin = die.origin;
  for (int i = 0; i < 8 && origin; ++i) {
    Die from;
    if (!read(*origin, from)) return;
    if (die.name.empty()) die.name = from.name;
    if (die.linkage_name.empty()) die.linkage_name = from.linkage_name;
    if (!die.type) die.type = from.type;
    origin = from.origin;
  }
}

}  // namespace hotclick::core
