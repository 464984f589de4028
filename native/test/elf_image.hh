/// A shared library of the smallest size that a loader's checks accept: what elf_check is tested with.
#pragma once
#include <elf.h>

#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <vector>

namespace hotclick {

/// Headers, a few sections and a symbol table. Change `head`, `sections` or `symbols`, then call bytes().
class ElfImage {
 public:
  struct Section {
    std::string name;
    uint32_t type;
    uint64_t flags;
    uint64_t size;
    uint64_t address = 0;
    std::string content = {};  // instead of `size` bytes of filling
    uint64_t alignment = 1;
  };
  struct Symbol {
    std::string name;
    uint16_t section;  // index in `sections` + 1
    uint64_t size;
    unsigned char type = STT_OBJECT;
    uint64_t value = 0;
    unsigned char bind = STB_LOCAL;
  };

  ElfImage() {
    memcpy(head.e_ident, ELFMAG, SELFMAG);
    head.e_ident[EI_CLASS] = ELFCLASS64;
    head.e_ident[EI_DATA] = ELFDATA2LSB;
    head.e_type = ET_DYN;
#if defined(__aarch64__)
    head.e_machine = EM_AARCH64;
#else
    head.e_machine = EM_X86_64;
#endif
    head.e_phentsize = sizeof(Elf64_Phdr);
    head.e_shentsize = sizeof(Elf64_Shdr);
    program.p_type = PT_LOAD;
  }

  Elf64_Ehdr head = {};
  Elf64_Phdr program = {};
  std::vector<Section> sections = {{".text", SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, 32},
                                   {".data", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE, 64},
                                   {".bss", SHT_NOBITS, SHF_ALLOC | SHF_WRITE, 64},
                                   {".data.rel.ro", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE, 64},
                                   {"hcstate", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE, 64}};
  std::vector<Symbol> symbols;
  std::map<std::string, uint32_t> links;  // sh_link of sections, by name
  /// Leaves out the symbol table, as `strip` does.
  bool stripped = false;

  std::string bytes() const {
    Elf64_Ehdr h = head;
    Elf64_Phdr p = program;
    std::string body(sizeof(h) + sizeof(p), '\0'), names(1, '\0');
    std::vector<Elf64_Shdr> table(1);
    const auto add = [&](const std::string& name, uint32_t type, uint64_t flags,
                         uint64_t size) -> Elf64_Shdr& {
      Elf64_Shdr s = {};
      s.sh_name = static_cast<uint32_t>(names.size());
      s.sh_type = type;
      s.sh_flags = flags;
      s.sh_offset = body.size();
      s.sh_size = size;
      names += name + '\0';
      table.push_back(s);
      return table.back();
    };
    for (const Section& s : sections) {
      Elf64_Shdr& header = add(s.name, s.type, s.flags, s.content.empty() ? s.size : s.content.size());
      header.sh_addr = s.address;
      header.sh_addralign = s.alignment;
      if (const auto link = links.find(s.name); link != links.end()) header.sh_link = link->second;
      if (s.type != SHT_NOBITS) body += s.content.empty() ? std::string(s.size, '\x11') : s.content;
    }
    p.p_filesz = p.p_memsz = body.size();
    if (!stripped) {
      std::string list(sizeof(Elf64_Sym), '\0'), strings(1, '\0');
      for (const Symbol& symbol : symbols) {
        Elf64_Sym s = {};
        s.st_name = static_cast<uint32_t>(strings.size());
        s.st_info = static_cast<unsigned char>(ELF64_ST_INFO(symbol.bind, symbol.type));
        s.st_shndx = symbol.section;
        s.st_size = symbol.size;
        s.st_value = symbol.value;
        strings += symbol.name + '\0';
        list.append(reinterpret_cast<const char*>(&s), sizeof(s));
      }
      Elf64_Shdr& symtab = add(".symtab", SHT_SYMTAB, 0, list.size());
      symtab.sh_entsize = sizeof(Elf64_Sym);
      symtab.sh_link = static_cast<uint32_t>(table.size());
      body += list;
      add(".strtab", SHT_STRTAB, 0, strings.size());
      body += strings;
    }
    add(".shstrtab", SHT_STRTAB, 0, 0).sh_size = names.size();
    body += names;
    h.e_phoff = sizeof(h);
    h.e_phnum = 1;
    h.e_shoff = body.size();
    h.e_shnum = static_cast<uint16_t>(table.size());
    h.e_shstrndx = static_cast<uint16_t>(table.size() - 1);
    memcpy(body.data(), &h, sizeof(h));
    memcpy(body.data() + sizeof(h), &p, sizeof(p));
    body.append(reinterpret_cast<const char*>(table.data()), table.size() * sizeof(Elf64_Shdr));
    return body;
  }
};

}  // namespace hotclick
