// The values of attributes: how each form is read, and which attributes are kept.
#include "dwarf.hh"

namespace hotclick::core {
namespace {

// DWARF 5, sections 7.5.4 to 7.5.6
enum Attribute : uint64_t {
  at_location = 0x02,
  at_name = 0x03,
  at_byte_size = 0x0b,
  at_bit_size = 0x0d,
  at_const_value = 0x1c,
  at_upper_bound = 0x2f,
  at_abstract_origin = 0x31,
  at_count = 0x37,
  at_data_member_location = 0x38,
  at_declaration = 0x3c,
  at_encoding = 0x3e,
  at_specification = 0x47,
  at_type = 0x49,
  at_data_bit_offset = 0x6b,
  at_linkage_name = 0x6e,
  at_mips_linkage_name = 0x2007
};
enum Form : uint64_t {
  form_addr = 0x01,
  form_block2 = 0x03,
  form_block4 = 0x04,
  form_data2 = 0x05,
  form_data4 = 0x06,
  form_data8 = 0x07,
  form_string = 0x08,
  form_block = 0x09,
  form_block1 = 0x0a,
  form_data1 = 0x0b,
  form_flag = 0x0c,
  form_sdata = 0x0d,
  form_strp = 0x0e,
  form_udata = 0x0f,
  form_ref_addr = 0x10,
  form_ref1 = 0x11,
  form_ref2 = 0x12,
  form_ref4 = 0x13,
  form_ref8 = 0x14,
  form_ref_udata = 0x15,
  form_indirect = 0x16,
  form_sec_offset = 0x17,
  form_exprloc = 0x18,
  form_flag_present = 0x19,
  form_strx = 0x1a,
  form_addrx = 0x1b,
  form_ref_sup4 = 0x1c,
  form_strp_sup = 0x1d,
  form_data16 = 0x1e,
  form_line_strp = 0x1f,
  form_ref_sig8 = 0x20,
  form_implicit_const = 0x21,
  form_loclistx = 0x22,
  form_rnglistx = 0x23,
  form_ref_sup8 = 0x24,
  form_strx1 = 0x25,
  form_strx2 = 0x26,
  form_strx3 = 0x27,
  form_strx4 = 0x28,
  form_addrx1 = 0x29,
  form_addrx2 = 0x2a,
  form_addrx3 = 0x2b,
  form_addrx4 = 0x2c,
  form_gnu_ref_alt = 0x1f20,
  form_gnu_strp_alt = 0x1f21
};
constexpr uint8_t op_addr = 0x03;

}  // namespace

uint64_t DwarfCursor::fixed(uint32_t width) {
  uint64_t value = 0;
  if (!bytes.has(at, width)) {
    bad = true;
    return 0;
  }
  memcpy(&value, bytes.data + at, width);  // little-endian, as the file is
  at += width;
  return value;
}

uint64_t DwarfCursor::uleb() {
  uint64_t value = 0;
  for (uint32_t shift = 0;; shift += 7) {
    const uint64_t byte = fixed(1);
    if (bad) return 0;
    if (shift < 64) value |= (byte & 0x7f) << shift;
    if (!(byte & 0x80)) return value;
  }
}

int64_t DwarfCursor::sleb() {
  uint64_t value = 0;
  for (uint32_t shift = 0;;) {
    const uint64_t byte = fixed(1);
    if (bad) return 0;
    if (shift < 64) value |= (byte & 0x7f) << shift;
    shift += 7;
    if (byte & 0x80) continue;
    if (shift < 64 && (byte & 0x40)) value |= ~uint64_t{0} << shift;
    return static_cast<int64_t>(value);
  }
}

std::string_view DwarfCursor::text() {
  if (at >= bytes.size) {
    bad = true;
    return {};
  }
  const auto* begin = reinterpret_cast<const char*>(bytes.data + at);
  const uint64_t length = strnlen(begin, bytes.size - at);
  skip(length + 1);
  return {begin, length};
}

void DwarfCursor::skip(uint64_t n) {
  if (bytes.has(at, n))
    at += n;
  else
    bad = true;
}

bool DwarfInfo::read_value(const Unit& unit, DwarfCursor& cursor, uint64_t form, int64_t implicit,
                           Value& value) const {
  const auto constant = [&](uint64_t number) {
    value.number = number;
    value.is_constant = true;
  };
  const auto local_reference = [&](uint64_t number) {
    value.number = unit.begin + number;
    value.is_reference = true;
  };
  const auto block = [&](uint64_t length) {
    if (cursor.bad || !cursor.bytes.has(cursor.at, length)) {
      cursor.bad = true;
      return;
    }
    value.block = {cursor.bytes.data + cursor.at, length};
    cursor.at += length;
  };
  switch (form) {
    case form_addr:
      value.number = cursor.fixed(unit.address_size);
      break;
    case form_data1:
    case form_flag:
      constant(cursor.fixed(1));
      break;
    case form_data2:
      constant(cursor.fixed(2));
      break;
    case form_data4:
      constant(cursor.fixed(4));
      break;
    case form_data8:
      constant(cursor.fixed(8));
      break;
    case form_udata:
      constant(cursor.uleb());
      break;
    case form_sdata:
      constant(static_cast<uint64_t>(cursor.sleb()));
      break;
    case form_implicit_const:
      constant(static_cast<uint64_t>(implicit));
      break;
    case form_flag_present:
      constant(1);
      break;
    case form_data16:
      block(16);
      break;
    case form_block1:
      block(cursor.fixed(1));
      break;
    case form_block2:
      block(cursor.fixed(2));
      break;
    case form_block4:
      block(cursor.fixed(4));
      break;
    case form_block:
    case form_exprloc:
      block(cursor.uleb());
      break;
    case form_string:
      value.text = cursor.text();
      break;
    case form_strp:
      value.text = strings_.text(cursor.fixed(4));
      break;
    case form_line_strp:
      value.text = line_strings_.text(cursor.fixed(4));
      break;
    case form_ref1:
      local_reference(cursor.fixed(1));
      break;
    case form_ref2:
      local_reference(cursor.fixed(2));
      break;
    case form_ref4:
      local_reference(cursor.fixed(4));
      break;
    case form_ref8:
      local_reference(cursor.fixed(8));
      break;
    case form_ref_udata:
      local_reference(cursor.uleb());
      break;
    case form_ref_addr:
      value.number = cursor.fixed(4);
      value.is_reference = true;
      break;
    case form_sec_offset:
    case form_strp_sup:
    case form_ref_sup4:
    case form_gnu_ref_alt:
    case form_gnu_strp_alt:
    case form_strx4:
    case form_addrx4:
      cursor.skip(4);
      break;
    case form_ref_sig8:
    case form_ref_sup8:
      cursor.skip(8);
      break;
    case form_strx:
    case form_addrx:
    case form_loclistx:
    case form_rnglistx:
      cursor.uleb();
      break;
    case form_strx1:
    case form_addrx1:
      cursor.skip(1);
      break;
    case form_strx2:
    case form_addrx2:
      cursor.skip(2);
      break;
    case form_strx3:
    case form_addrx3:
      cursor.skip(3);
      break;
    case form_indirect: {
      const uint64_t real = cursor.uleb();
      if (real == form_indirect || real == form_implicit_const) return false;
      return read_value(unit, cursor, real, 0, value);
    }
    default:
      return false;
  }
  return !cursor.bad;
}

void DwarfInfo::note(Die& die, uint64_t attribute, const Value& value, const Unit& unit) {
  const auto number = [&](std::optional<uint64_t>& to) {
    if (value.is_constant) to = value.number;
  };
  switch (attribute) {
    case at_name:
      die.name = value.text;
      break;
    case at_linkage_name:
    case at_mips_linkage_name:
      die.linkage_name = value.text;
      break;
    case at_type:
      if (value.is_reference) die.type = value.number;
      break;
    case at_specification:
    case at_abstract_origin:
      if (value.is_reference) die.origin = value.number;
      break;
    case at_byte_size:
      number(die.byte_size);
      break;
    case at_encoding:
      number(die.encoding);
      break;
    case at_upper_bound:
      number(die.upper_bound);
      break;
    case at_count:
      number(die.count);
      break;
    case at_const_value:
      die.has_location = true;
      number(die.const_value);
      break;
    case at_data_member_location:
      number(die.member_offset);
      break;
    case at_bit_size:
      number(die.bit_size);
      break;
    case at_data_bit_offset:
      number(die.bit_offset);
      break;
    case at_declaration:
      die.is_declaration = value.number != 0;
      break;
    case at_location: {
      die.has_location = true;
      DwarfCursor expression{value.block};
      const bool fixed_place = value.block.size == 1u + unit.address_size && expression.fixed(1) == op_addr;
      if (fixed_place) die.address = expression.fixed(unit.address_size);
      break;
    }
    default:
      break;
  }
}

}  // namespace hotclick::core
