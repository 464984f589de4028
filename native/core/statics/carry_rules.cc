#include "carry_rules.hh"

#include <algorithm>
#include <map>

#include "../elf_check.hh"

namespace hotclick::core {
namespace {

using Refusals = std::vector<std::string>;

void refuse_ambiguous(const std::vector<StaticObject>& objects, Refusals& refusals) {
  std::map<std::string, int> names;
  for (const StaticObject& o : objects) ++names[o.name];
  for (const auto& [name, times] : names) {
    if (times < 2) continue;
    refusals.push_back("'" + name + "': there are " + std::to_string(times) +
                       " variables of that name, told apart only by their order");
  }
}

void refuse_pointers(const ElfFile& file, const std::vector<StaticObject>& objects, Refusals& refusals) {
  constexpr uint32_t packed_relocations = 19;  // SHT_RELR
  for (const ElfSection& s : file.sections()) {
    if (s.head.sh_type == packed_relocations)
      refusals.push_back("its relocations are packed, so that addresses in variables cannot be seen");
  }
  uint64_t refused = 0;  // the object before: an array of pointers is one refusal
  file.each_relocation([&](const Elf64_Rela& r) {
    const auto after = std::upper_bound(objects.begin(), objects.end(), r.r_offset,
                                        [](uint64_t at, const StaticObject& o) { return at < o.address; });
    if (after == objects.begin()) return;
    const StaticObject& o = *(after - 1);
    if (r.r_offset - o.address >= o.size || o.address == refused) return;
    refused = o.address;
    refusals.push_back(refusal(o, "it holds an address in the library, which goes with the old version"));
  });
}

/// A destructor would free what the new version goes on using.
void refuse_destructors(const ElfFile& file, Refusals& refusals) {
  constexpr uint64_t of_start_files = 8;
  for (const ElfSection& s : file.sections()) {
    if (s.name == ".fini_array" && s.head.sh_size > of_start_files)
      refusals.push_back("it runs functions of its own when it is unloaded (.fini_array)");
    if (s.head.sh_type != SHT_DYNSYM || s.head.sh_link >= file.sections().size()) continue;
    const ByteView symbols = file.bytes(s), strings = file.bytes(file.sections()[s.head.sh_link]);
    Elf64_Sym symbol;
    for (uint64_t at = 0; symbols.read(at, symbol); at += sizeof(symbol)) {
      const std::string_view name = strings.text(symbol.st_name);
      if (name == "__cxa_atexit" || name == "__cxa_thread_atexit" || name == "atexit")
        refusals.push_back("it calls " + std::string(name) +
                           ": destructors of its variables would free what the new version goes on using");
    }
  }
}

std::vector<ElfSection> variable_sections(const ElfFile& file) {
  std::vector<ElfSection> list;
  for (const ElfSection& s : file.sections()) {
    if (holds_variables(s) && !(s.head.sh_flags & SHF_TLS) && s.head.sh_size <= UINT64_MAX - s.head.sh_addr)
      list.push_back(s);
  }
  std::sort(list.begin(), list.end(),
            [](const ElfSection& a, const ElfSection& b) { return a.head.sh_addr < b.head.sh_addr; });
  return list;
}

std::string gap(const ElfSection& s, uint64_t begin, uint64_t end) {
  return std::to_string(end - begin) + " bytes in " + s.name + " belong to no symbol";
}

/// Every byte of .data and .bss must belong to a symbol, or be there to align the next one.
void refuse_unexplained(const ElfFile& file, std::vector<AddressRange> taken, Refusals& refusals) {
  std::sort(taken.begin(), taken.end());
  taken.erase(std::unique(taken.begin(), taken.end()), taken.end());  // two names of one variable
  size_t next = 0;
  for (const ElfSection& s : variable_sections(file)) {
    const uint64_t end = s.head.sh_addr + s.head.sh_size;
    uint64_t at = s.head.sh_addr;
    for (; next < taken.size() && taken[next].first < end; ++next) {
      const auto [begin, object_end] = taken[next];
      if (begin < at) return refusals.push_back("variables in " + s.name + " overlap");
      const uint64_t alignment = std::min(begin & (~begin + 1), page_size);
      if (begin > at && begin - at >= alignment) return refusals.push_back(gap(s, at, begin));
      at = object_end;
    }
    const uint64_t rest = end > at ? end - at : 0;
    if (rest > 0 && rest >= std::max<uint64_t>(s.head.sh_addralign, 1))
      return refusals.push_back(gap(s, at, end));
  }
}

}  // namespace

std::string refusal(const StaticObject& object, const std::string& why) {
  return "'" + object.name + "' (" + std::to_string(object.size) + " bytes): " + why;
}

void check_carry_rules(const ElfFile& file, const std::vector<StaticObject>& objects,
                       const std::vector<AddressRange>& others, std::vector<std::string>& refusals) {
  refuse_ambiguous(objects, refusals);
  refuse_pointers(file, objects, refusals);
  refuse_destructors(file, refusals);
  std::vector<AddressRange> taken = others;
  for (const StaticObject& o : objects) taken.emplace_back(o.address, o.address + o.size);
  refuse_unexplained(file, std::move(taken), refusals);
}

bool alone_in_pages(const ElfFile& file, AddressRange range) {
  const uint64_t begin = range.first & ~(page_size - 1);
  const uint64_t end = (range.second + page_size - 1) & ~(page_size - 1);
  for (const ElfSection& s : file.sections()) {
    if (!(s.head.sh_flags & SHF_ALLOC) || (s.head.sh_flags & SHF_TLS) || holds_variables(s)) continue;
    if (s.head.sh_addr < end && begin < s.head.sh_addr + s.head.sh_size) return false;
  }
  return true;
}

}  // namespace hotclick::core
