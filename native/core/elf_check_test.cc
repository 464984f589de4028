#include "elf_check.hh"

#include <algorithm>

#include "../test/elf_image.hh"
#include "../test/unit.hpp"

using namespace hotclick;
using namespace hotclick::core;

namespace {

constexpr uint16_t data_section = 2, bss_section = 3, relocated_section = 4, state_section = 5;

ElfReport check(const std::string& bytes) {
  return check_elf(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
}

}  // namespace

TEST("elf check: a library without variables is good") {
  ElfImage image;
  image.sections[1].size = image.sections[2].size = 0;
  const ElfReport report = check(image.bytes());
  CHECK_EQ(report.error, "");
  CHECK_EQ(report.mutable_statics.size(), 0u);
}

TEST("elf check: variables in .data and .bss are named, demangled") {
  ElfImage image;
  image.symbols = {{"_ZN4mine7counterE", data_section, 8},
                   {"_ZZN4mine4pushEvE4seen", bss_section, 4},
                   {"plain", bss_section, 4, STT_TLS},
                   {"i", data_section, 4}};
  const ElfReport report = check(image.bytes());
  CHECK_EQ(report.error, "");
  if (!CHECK_EQ(report.mutable_statics.size(), 4u)) return;
  CHECK_EQ(report.mutable_statics[0], "mine::counter");
  CHECK_EQ(report.mutable_statics[1], "mine::push()::seen");
  CHECK_EQ(report.mutable_statics[2], "plain");
  CHECK_EQ(report.mutable_statics[3], "i");
}

TEST("elf check: constants that are relocated, declared state and the compiler's own are no variables") {
  ElfImage image;
  image.symbols = {{"hotclick_element", relocated_section, 64},
                   {"declared", state_section, 64},
                   {"completed.0", bss_section, 1},
                   {"__dso_handle", data_section, 8},
                   {"function", data_section, 8, STT_FUNC}};
  const ElfReport report = check(image.bytes());
  CHECK_EQ(report.error, "");
  CHECK_EQ(report.mutable_statics.size(), 0u);
}

TEST("elf check: a stripped library with data cannot be judged by name") {
  ElfImage image;
  image.stripped = true;
  const ElfReport report = check(image.bytes());
  if (!CHECK_EQ(report.mutable_statics.size(), 2u)) return;
  CHECK_EQ(report.mutable_statics[0], "(64 bytes in .data)");
  CHECK_EQ(report.mutable_statics[1], "(64 bytes in .bss)");
}

TEST("elf check: what is no library for this machine says so") {
  const auto error_of = [](void (*change)(ElfImage&)) {
    ElfImage image;
    change(image);
    return check(image.bytes()).error;
  };
  CHECK_EQ(check("").error, "it is too short to be an ELF file");
  CHECK_EQ(check(std::string(4096, 'x')).error, "it is not an ELF file");
  CHECK_EQ(error_of([](ElfImage& i) { i.head.e_ident[EI_CLASS] = ELFCLASS32; }),
           "it is not a 64-bit little-endian ELF file");
  CHECK_EQ(error_of([](ElfImage& i) { i.head.e_type = ET_REL; }), "it is not a shared library");
  CHECK_EQ(error_of([](ElfImage& i) { i.head.e_machine = EM_RISCV; }), "it was built for another processor");
  CHECK_EQ(error_of([](ElfImage& i) { i.program.p_type = PT_INTERP; }), "it is a program, not a library");
  CHECK_EQ(error_of([](ElfImage& i) { i.head.e_phentsize = 1; }), "its program headers are malformed");
}

TEST("elf check: a library cut off anywhere is refused") {
  ElfImage image;
  image.symbols = {{"variable", data_section, 8}};
  const std::string bytes = image.bytes();
  for (size_t size = 0; size < bytes.size(); ++size) {
    // A copy of that very size, so that a sanitizer sees a read past its end.
    const std::vector<uint8_t> cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
    if (!CHECK(!check_elf(cut.data(), cut.size()).error.empty())) return;
  }
}
