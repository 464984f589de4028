#include "elf_check.hh"

namespace hotclick::core {

bool compiler_made(std::string_view name) {
  return name == "completed.0" || name == "__dso_handle" || name == "__TMC_END__" ||
         name.starts_with("__frame_dummy") || name.starts_with("__do_global") || name == "_edata" ||
         name == "_end" || name == "__bss_start" || name.starts_with("__asan") ||
         name.starts_with("__ubsan") || name.starts_with(".LASAN");
}

bool holds_variables(const ElfSection& section) {
  const std::string& name = section.name;
  if (!(section.head.sh_flags & SHF_ALLOC) || !(section.head.sh_flags & SHF_WRITE)) return false;
  if (name.starts_with(".data.rel.ro")) return false;
  return name == ".data" || name == ".bss" || name.starts_with(".data.") || name.starts_with(".bss.") ||
         name == ".tdata" || name == ".tbss";
}

ElfReport check_elf(const uint8_t* data, size_t size) {
  ElfReport report;
  const ElfFile file(data, size);
  report.error = file.error();
  if (!report.error.empty()) return report;
  const std::vector<ElfSection>& sections = file.sections();
  if (!file.has_symbols()) {
    for (const ElfSection& s : sections) {
      if (!holds_variables(s) || s.head.sh_size <= 16) continue;  // the start files leave up to 16 bytes
      report.mutable_statics.push_back("(" + std::to_string(s.head.sh_size) + " bytes in " + s.name + ")");
    }
    return report;
  }
  file.each_symbol([&](std::string_view name, const Elf64_Sym& s) {
    const int type = ELF64_ST_TYPE(s.st_info);
    if (type != STT_OBJECT && type != STT_TLS) return;
    if (s.st_shndx >= sections.size() || !holds_variables(sections[s.st_shndx]) ||
        sections[s.st_shndx].head.sh_size == 0)
      return;
    if (!name.empty() && !compiler_made(name)) report.mutable_statics.push_back(demangle(std::string(name)));
  });
  return report;
}

}  // namespace hotclick::core
