/// An ELF file as bytes that nobody has vouched for: every offset and length is checked before anything is read.
#pragma once
#include <elf.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace hotclick::core {

/// Bytes that are only read after a check of their place.
struct ByteView {
  const uint8_t* data = nullptr;
  uint64_t size = 0;

  bool has(uint64_t offset, uint64_t n) const { return offset <= size && n <= size - offset; }
  template <class T>
  bool read(uint64_t offset, T& out) const {
    if (!has(offset, sizeof(T))) return false;
    memcpy(&out, data + offset, sizeof(T));
    return true;
  }
  /// The zero-terminated text at `offset`, cut at the end of the bytes or at `longest_text`.
  std::string_view text(uint64_t offset) const {
    if (offset >= size) return {};
    const auto* begin = reinterpret_cast<const char*>(data + offset);
    return {begin, strnlen(begin, size - offset < longest_text ? size - offset : longest_text)};
  }
  static constexpr uint64_t longest_text = 4096;
};

struct ElfSection {
  std::string name;
  Elf64_Shdr head;
};

/// A shared library for this machine: its headers, sections, symbols and relocations.
class ElfFile {
 public:
  /// Check error() first: when it is not empty, nothing else may be used. The bytes must outlive the object.
  ElfFile(const uint8_t* data, size_t size);

  /// Why the bytes are no shared library that could be loaded here.
  const std::string& error() const { return error_; }
  const std::vector<ElfSection>& sections() const { return sections_; }
  const ElfSection* find(std::string_view name) const;
  /// Empty for a section that has no bytes in the file.
  ByteView bytes(const ElfSection& section) const;
  /// Whether there is a symbol table (not stripped).
  bool has_symbols() const;

  /// Calls `each(name, symbol)` for every entry of the symbol table.
  template <class Each>
  void each_symbol(const Each& each) const {
    for (const ElfSection& table : sections_) {
      if (!is_symbol_table(table)) continue;
      const ByteView symbols = bytes(table), strings = bytes(sections_[table.head.sh_link]);
      Elf64_Sym symbol;
      for (uint64_t at = 0; symbols.read(at, symbol); at += sizeof(symbol)) {
        each(strings.text(symbol.st_name), symbol);
      }
    }
  }
  /// Calls `each(relocation)` for what the loader will relocate.
  template <class Each>
  void each_relocation(const Each& each) const {
    for (const ElfSection& table : sections_) {
      if (table.head.sh_type != SHT_RELA) continue;
      const ByteView list = bytes(table);
      Elf64_Rela relocation;
      for (uint64_t at = 0; list.read(at, relocation); at += sizeof(relocation)) each(relocation);
    }
  }

 private:
  std::string read_headers();
  bool is_symbol_table(const ElfSection& s) const;

  ByteView file_;
  std::string error_;
  std::vector<ElfSection> sections_;
};

/// The symbol as a programmer wrote it, or as it is when it is no C++ name.
std::string demangle(const std::string& symbol);

}  // namespace hotclick::core
