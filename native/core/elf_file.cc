#include "elf_file.hh"

#include <cxxabi.h>

#include <cstdlib>

namespace hotclick::core {
namespace {

#if defined(__x86_64__)
constexpr uint16_t this_machine = EM_X86_64;
#elif defined(__aarch64__)
constexpr uint16_t this_machine = EM_AARCH64;
#endif

}  // namespace

ElfFile::ElfFile(const uint8_t* data, size_t size) : file_{data, size} {
  error_ = read_headers();
}

std::string ElfFile::read_headers() {
  Elf64_Ehdr head;
  if (!file_.read(0, head)) return "it is too short to be an ELF file";
  if (memcmp(head.e_ident, ELFMAG, SELFMAG) != 0) return "it is not an ELF file";
  if (head.e_ident[EI_CLASS] != ELFCLASS64 || head.e_ident[EI_DATA] != ELFDATA2LSB) {
    return "it is not a 64-bit little-endian ELF file";
  }
  if (head.e_type != ET_DYN) return "it is not a shared library";
  if (head.e_machine != this_machine) return "it was built for another processor";
  if (head.e_phentsize != sizeof(Elf64_Phdr) || head.e_phnum == 0) return "its program headers are malformed";
  for (uint32_t i = 0; i < head.e_phnum; ++i) {
    Elf64_Phdr p;
    if (!file_.read(head.e_phoff + i * sizeof(p), p)) return "it is truncated (program headers)";
    if (!file_.has(p.p_offset, p.p_filesz)) return "it is truncated (a segment ends beyond the file)";
    if (p.p_type == PT_INTERP) return "it is a program, not a library";
  }
  if (head.e_shnum == 0 || head.e_shentsize != sizeof(Elf64_Shdr)) return "its section headers are missing";

  sections_.resize(head.e_shnum);
  for (uint32_t i = 0; i < head.e_shnum; ++i) {
    Elf64_Shdr& s = sections_[i].head;
    if (!file_.read(head.e_shoff + i * sizeof(Elf64_Shdr), s)) return "it is truncated (section headers)";
    if (s.sh_type != SHT_NOBITS && !file_.has(s.sh_offset, s.sh_size)) {
      return "it is truncated (a section ends beyond the file)";
    }
  }
  if (head.e_shstrndx >= head.e_shnum) return "its section names are missing";
  const ByteView names = bytes(sections_[head.e_shstrndx]);
  for (ElfSection& s : sections_) s.name = names.text(s.head.sh_name);
  return "";
}

const ElfSection* ElfFile::find(std::string_view name) const {
  for (const ElfSection& s : sections_) {
    if (s.name == name) return &s;
  }
  return nullptr;
}

ByteView ElfFile::bytes(const ElfSection& section) const {
  if (section.head.sh_type == SHT_NOBITS || section.head.sh_type == SHT_NULL) return {};
  return {file_.data + section.head.sh_offset, section.head.sh_size};
}

bool ElfFile::is_symbol_table(const ElfSection& s) const {
  return s.head.sh_type == SHT_SYMTAB && s.head.sh_entsize == sizeof(Elf64_Sym) &&
         s.head.sh_link < sections_.size();
}

bool ElfFile::has_symbols() const {
  for (const ElfSection& s : sections_) {
    if (is_symbol_table(s)) return true;
  }
  return false;
}

std::string demangle(const std::string& symbol) {
  if (!symbol.starts_with("_Z")) return symbol;  // a variable `i` is no "int"
  int status = 0;
  char* text = abi::__cxa_demangle(symbol.c_str(), nullptr, nullptr, &status);
  if (!text) return symbol;
  std::string s(text);
  free(text);
  return s;
}

}  // namespace hotclick::core
