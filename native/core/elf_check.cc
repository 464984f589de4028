#include "elf_check.hh"

#include <cxxabi.h>
#include <elf.h>

#include <cstdlib>
#include <cstring>

namespace hotclick::core {
namespace {

#if defined(__x86_64__)
constexpr uint16_t this_machine = EM_X86_64;
#elif defined(__aarch64__)
constexpr uint16_t this_machine = EM_AARCH64;
#endif

/// Bytes that are only read after a check of their place.
struct Image {
  const uint8_t* data;
  size_t size;
  bool has(uint64_t offset, uint64_t n) const { return offset <= size && n <= size - offset; }
  template <class T>
  bool read(uint64_t offset, T& out) const {
    if (!has(offset, sizeof(T))) return false;
    memcpy(&out, data + offset, sizeof(T));
    return true;
  }
  std::string text(uint64_t offset, uint64_t end) const {
    std::string s;
    for (; offset < end && offset < size && data[offset] != 0 && s.size() < 512; ++offset) {
      s += static_cast<char>(data[offset]);
    }
    return s;
  }
};

std::string demangle(const std::string& symbol) {
  int status = 0;
  char* text = abi::__cxa_demangle(symbol.c_str(), nullptr, nullptr, &status);
  if (!text) return symbol;
  std::string s(text);
  free(text);
  return s;
}

bool compiler_made(const std::string& name) {
  // What the compiler's own start files and runtime put there.
  return name == "completed.0" || name == "__dso_handle" || name == "__TMC_END__" ||
         name.starts_with("__frame_dummy") || name.starts_with("__do_global") || name == "_edata" ||
         name == "_end" || name == "__bss_start" || name.starts_with("__asan") ||
         name.starts_with("__ubsan") || name.starts_with(".LASAN");
}

bool holds_variables(const std::string& section, const Elf64_Shdr& h) {
  if (!(h.sh_flags & SHF_ALLOC) || !(h.sh_flags & SHF_WRITE)) return false;
  return section == ".data" || section == ".bss" || section.starts_with(".data.") ||
         section.starts_with(".bss.") || section == ".tdata" || section == ".tbss";
}

}  // namespace

ElfReport check_elf(const uint8_t* data, size_t size) {
  ElfReport report;
  const Image image{data, size};
  auto bad = [&](const char* why) {
    report.error = why;
    return report;
  };
  Elf64_Ehdr head;
  if (!image.read(0, head)) return bad("it is too short to be an ELF file");
  if (memcmp(head.e_ident, ELFMAG, SELFMAG) != 0) return bad("it is not an ELF file");
  if (head.e_ident[EI_CLASS] != ELFCLASS64 || head.e_ident[EI_DATA] != ELFDATA2LSB) {
    return bad("it is not a 64-bit little-endian ELF file");
  }
  if (head.e_type != ET_DYN) return bad("it is not a shared library");
  if (head.e_machine != this_machine) return bad("it was built for another processor");
  if (head.e_phentsize != sizeof(Elf64_Phdr) || head.e_phnum == 0)
    return bad("its program headers are malformed");
  for (uint32_t i = 0; i < head.e_phnum; ++i) {
    Elf64_Phdr p;
    if (!image.read(head.e_phoff + i * sizeof(p), p)) return bad("it is truncated (program headers)");
    if (!image.has(p.p_offset, p.p_filesz)) return bad("it is truncated (a segment ends beyond the file)");
    if (p.p_type == PT_INTERP) return bad("it is a program, not a library");
  }
  if (head.e_shnum == 0 || head.e_shentsize != sizeof(Elf64_Shdr))
    return bad("its section headers are missing");

  std::vector<Elf64_Shdr> sections(head.e_shnum);
  for (uint32_t i = 0; i < head.e_shnum; ++i) {
    if (!image.read(head.e_shoff + i * sizeof(Elf64_Shdr), sections[i]))
      return bad("it is truncated (section headers)");
    if (sections[i].sh_type != SHT_NOBITS && !image.has(sections[i].sh_offset, sections[i].sh_size)) {
      return bad("it is truncated (a section ends beyond the file)");
    }
  }
  if (head.e_shstrndx >= head.e_shnum) return bad("its section names are missing");
  const Elf64_Shdr& names = sections[head.e_shstrndx];
  std::vector<uint64_t> unexplained(head.e_shnum, 0);
  std::vector<std::string> section_names(head.e_shnum);
  for (uint32_t i = 0; i < head.e_shnum; ++i) {
    section_names[i] = image.text(names.sh_offset + sections[i].sh_name, names.sh_offset + names.sh_size);
    if (holds_variables(section_names[i], sections[i]) && !section_names[i].starts_with(".data.rel.ro")) {
      unexplained[i] = sections[i].sh_size;
    }
  }
  bool symbols = false;
  for (const Elf64_Shdr& table : sections) {
    if (table.sh_type != SHT_SYMTAB || table.sh_entsize != sizeof(Elf64_Sym) || table.sh_link >= head.e_shnum)
      continue;
    symbols = true;
    const Elf64_Shdr& strings = sections[table.sh_link];
    for (uint64_t at = 0; at + sizeof(Elf64_Sym) <= table.sh_size; at += sizeof(Elf64_Sym)) {
      Elf64_Sym s;
      if (!image.read(table.sh_offset + at, s)) return bad("it is truncated (symbols)");
      const int type = ELF64_ST_TYPE(s.st_info);
      if ((type != STT_OBJECT && type != STT_TLS) || s.st_shndx >= head.e_shnum ||
          unexplained[s.st_shndx] == 0)
        continue;
      const std::string name = image.text(strings.sh_offset + s.st_name, strings.sh_offset + strings.sh_size);
      if (name.empty() || compiler_made(name)) continue;
      report.mutable_statics.push_back(demangle(name));
    }
  }
  if (!symbols) {
    for (uint32_t i = 0; i < head.e_shnum; ++i) {
      if (unexplained[i] > 16) {  // the start files leave up to 16 bytes
        report.mutable_statics.push_back("(" + std::to_string(unexplained[i]) + " bytes in " +
                                         section_names[i] + ")");
      }
    }
  }
  return report;
}

}  // namespace hotclick::core
