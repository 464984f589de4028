/// Debug information of the smallest kind, one abbreviation for each entry: what its reader is tested with.
#pragma once
#include <cstdint>
#include <string>

#include "../core/statics/dwarf.hh"
#include "elf_image.hh"

namespace hotclick {

class DwarfImage {
 public:
  DwarfImage() { begin(compile_unit, true); }

  /// Begins an entry; the place that refer() takes. The calls after it give its attributes.
  uint32_t begin(uint32_t tag, bool children = false) {
    end_attributes();
    const auto place = static_cast<uint32_t>(header_size + info_.size());
    ++code_;
    uleb(info_, code_);
    uleb(abbreviations_, code_);
    uleb(abbreviations_, tag);
    abbreviations_ += static_cast<char>(children);
    open_ = true;
    return place;
  }
  void end_children() {
    end_attributes();
    info_ += '\0';
  }
  DwarfImage& name(const std::string& text) { return attribute(0x03, form_string, text + '\0'); }
  DwarfImage& linkage_name(const std::string& text) { return attribute(0x6e, form_string, text + '\0'); }
  DwarfImage& byte_size(uint32_t n) { return attribute(0x0b, form_data4, number(n)); }
  DwarfImage& encoding(uint32_t n) { return attribute(0x3e, form_data4, number(n)); }
  DwarfImage& count(uint32_t n) { return attribute(0x37, form_data4, number(n)); }
  DwarfImage& member_offset(uint32_t n) { return attribute(0x38, form_data4, number(n)); }
  DwarfImage& type(uint32_t place) { return attribute(0x49, form_ref4, number(place)); }
  DwarfImage& origin(uint32_t place) { return attribute(0x31, form_ref4, number(place)); }
  DwarfImage& location(uint64_t address) {
    std::string expression("\x09\x03", 2);
    expression.append(reinterpret_cast<const char*>(&address), sizeof(address));
    return attribute(0x02, form_exprloc, expression);
  }

  /// A number type, as `unsigned int` is.
  uint32_t base(const std::string& text, uint32_t size, uint32_t kind) {
    const uint32_t place = begin(core::dwarf::base_type);
    name(text).byte_size(size).encoding(kind);
    return place;
  }
  /// A global variable.
  void variable(const std::string& text, uint32_t of_type, uint64_t address) {
    begin(core::dwarf::variable);
    name(text).type(of_type).location(address);
  }

  void add_to(ElfImage& image) {
    end_children();  // of the unit
    const auto length = static_cast<uint32_t>(header_size - 4 + info_.size());
    const std::string header = number(length) + std::string("\x05\x00\x01\x08\x00\x00\x00\x00", 8);
    image.sections.push_back({".debug_info", SHT_PROGBITS, 0, 0, 0, header + info_});
    image.sections.push_back({".debug_abbrev", SHT_PROGBITS, 0, 0, 0, abbreviations_ + '\0'});
  }

 private:
  static constexpr uint32_t compile_unit = 0x11;
  static constexpr uint32_t header_size = 12;
  static constexpr uint32_t form_data4 = 0x06, form_string = 0x08, form_ref4 = 0x13, form_exprloc = 0x18;

  static void uleb(std::string& to, uint32_t n) {
    for (; n > 0x7f; n >>= 7) to += static_cast<char>(n | 0x80);
    to += static_cast<char>(n);
  }
  static std::string number(uint32_t n) { return {reinterpret_cast<const char*>(&n), sizeof(n)}; }
  DwarfImage& attribute(uint32_t which, uint32_t form, const std::string& bytes) {
    uleb(abbreviations_, which);
    uleb(abbreviations_, form);
    info_ += bytes;
    return *this;
  }
  void end_attributes() {
    if (open_) abbreviations_ += std::string(2, '\0');
    open_ = false;
  }

  std::string info_, abbreviations_;
  uint32_t code_ = 0;
  bool open_ = false;
};

}  // namespace hotclick
