/// Fuzz target: what is read of element libraries before they are loaded: the check, the statics with their debug
/// information, and the layout that a build has written. With -DHC_FUZZ_MAIN it drives itself: it damages a small
/// library at random, in the places that lead to others above all, and now and then a real one.
///   clang++ -fsanitize=fuzzer,address -std=c++20 -Inative -Inative/include native/test/fuzz_elf.cc
///       native/core/elf_*.cc native/core/statics/*.cc (without tests)
///   scripts/sanitizer-tests.sh builds and runs it: fuzz_elf [rounds] [seed]
#include "../core/elf_check.hh"
#include "../core/statics/descriptor.hh"
#include "../core/statics/read_statics.hh"

using namespace hotclick::core;

namespace {
/// What would be copied must lie in sections of variables.
void check_layout(const ElfFile& file, const StaticsLayout& layout) {
  for (const StaticObject& o : layout.objects) {
    bool inside = false;
    for (const ElfSection& s : file.sections()) {
      inside |= holds_variables(s) && o.address >= s.head.sh_addr && o.size <= s.head.sh_size &&
                o.address - s.head.sh_addr <= s.head.sh_size - o.size;
    }
    if (!inside || o.address < layout.begin || o.address + o.size > layout.end) __builtin_trap();
  }
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const ElfReport report = check_elf(data, size);
  // Bytes without a header are an error, and an error names no variables.
  if (size < 64 && report.error.empty()) __builtin_trap();
  if (report.mutable_statics.size() > size) __builtin_trap();
  if (!report.error.empty()) return 0;
  const ElfFile file(data, size);
  std::vector<std::string> refusals;
  const StaticsLayout read = read_statics(file, refusals);
  check_layout(file, read);
  std::string error;
  const StaticsLayout described = read_descriptor(file, error);
  check_layout(file, described);
  if (!error.empty() && !described.empty()) __builtin_trap();
  // A sound library's layout is read back as it was written.
  if (refusals.empty()) (void)encode_descriptor(file, read);
  return 0;
}

#ifdef HC_FUZZ_MAIN
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "dwarf_image.hh"
#include "unit.hpp"

using hotclick::DwarfImage;
using hotclick::ElfImage;

namespace {

std::string good_library(unit::Random& random) {
  ElfImage image;
  image.stripped = random.chance(20);
  for (uint32_t n = random.below(6); n > 0; --n) {
    static const char* const names[] = {"plain", "_ZN4mine7counterE", "_ZZN4mine4pushEvE4seen", "_Z", "_ZN",
                                        ""};
    image.symbols.push_back(
        {names[random.below(6)], static_cast<uint16_t>(random.below(7)), random.below(64)});
  }
  return image.bytes();
}

/// A library with two variables, their debug information and the layout that the build has written.
std::string described_library(unit::Random& random) {
  ElfImage image;
  image.sections = {{".data", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE, 16, 0x3000},
                    {".bss", SHT_NOBITS, SHF_ALLOC | SHF_WRITE, 16, 0x3010}};
  image.symbols = {{"xyz.12", 1, 16, STT_OBJECT, 0x3000}, {"_ZZ4pushvE4seen", 2, 16, STT_OBJECT, 0x3010}};
  DwarfImage dwarf;
  const uint32_t number = dwarf.base("unsigned long", 8, dwarf::unsigned_);
  const uint32_t pointer = dwarf.begin(dwarf::pointer_type);
  dwarf.type(pointer + 5);
  const uint32_t entry = dwarf.begin(dwarf::structure_type, true);
  dwarf.name("Entry").byte_size(16);
  for (const uint32_t type : {number, pointer}) {
    dwarf.begin(dwarf::member);
    dwarf.name("field").type(type).member_offset(type == number ? 0 : 8);
  }
  dwarf.end_children();
  dwarf.begin(dwarf::subprogram, true);
  dwarf.name("count");
  dwarf.variable("xyz", entry, 0x3000);
  dwarf.end_children();
  dwarf.variable("seen", entry, 0x3010);
  dwarf.add_to(image);
  if (random.chance(50)) {
    const std::string bytes = image.bytes();
    const ElfFile file(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
    std::vector<std::string> refusals;
    const std::string layout = encode_descriptor(file, read_statics(file, refusals));
    image.sections.push_back({std::string(descriptor_section), SHT_PROGBITS, 0, 0, 0, layout});
  }
  return image.bytes();
}

/// Libraries with all that a compiler writes, from the directory in HC_FUZZ_ELEMENTS.
std::vector<std::string> real_libraries() {
  std::vector<std::string> files;
  const char* directory = std::getenv("HC_FUZZ_ELEMENTS");
  if (!directory) return files;
  for (const char* name : {"Counter.so", "Discard.so"}) {
    std::ifstream in(std::filesystem::path(directory) / name, std::ios::binary);
    files.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
    if (files.back().empty()) files.pop_back();
  }
  return files;
}

/// A number of 2, 4 or 8 bytes somewhere, set to one that is likely to be mishandled.
void damage(std::string& file, unit::Random& random) {
  const uint64_t size = file.size();
  const uint64_t edges[] = {0,      1,          size - 1,           size,       size + 1,
                            0xFFFF, 0xFF00,     0x7FFFFFFF,         0xFFFFFFFF, 0x7FFFFFFFFFFFFFFF,
                            ~0ull,  ~0ull - 63, random.below(4096), size / 2};
  const uint64_t value = random.chance(50) ? edges[random.below(14)] : random.next();
  const size_t width = size_t{1} << random.below(4);
  // Half of them in the headers: at the front and in the section headers at the end.
  uint64_t at = random.below(static_cast<uint32_t>(size));
  if (random.chance(30))
    at = random.below(128);
  else if (random.chance(30))
    at = size - 1 - random.below(576);
  at = at / width * width;
  if (at + width > size) return;
  memcpy(file.data() + at, &value, width);
}

}  // namespace

int main(int argc, char** argv) {
  const uint64_t rounds = argc > 1 ? std::strtoull(argv[1], nullptr, 0) : 100'000;
  const uint64_t seed = argc > 2 ? std::strtoull(argv[2], nullptr, 0) : static_cast<uint64_t>(time(nullptr));
  std::printf("fuzz-elf %llu %llu\n", static_cast<unsigned long long>(rounds),
              static_cast<unsigned long long>(seed));
  unit::Random random{seed};
  const std::vector<std::string> real = real_libraries();
  for (uint64_t i = 0; i < rounds; ++i) {
    const bool is_real = !real.empty() && random.below(500) == 0;
    std::string file = is_real             ? real[random.below(static_cast<uint32_t>(real.size()))]
                       : random.chance(60) ? described_library(random)
                                           : good_library(random);
    for (uint32_t damages = random.below(5); damages-- > 0;) damage(file, random);
    if (random.chance(20)) file.resize(random.below(static_cast<uint32_t>(file.size()) + 1));
    // An allocation of exactly that size, so that the sanitizer sees a read past the end.
    uint8_t* copy = static_cast<uint8_t*>(std::malloc(file.size() + (file.empty() ? 1 : 0)));
    memcpy(copy, file.data(), file.size());
    LLVMFuzzerTestOneInput(copy, file.size());
    std::free(copy);
  }
  std::printf("done\n");
}
#endif
