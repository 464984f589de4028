/// Fuzz target: the check of element libraries. With -DHC_FUZZ_MAIN it drives itself: it damages a small
/// library at random, in the places that lead to others above all.
///   clang++ -fsanitize=fuzzer,address -std=c++20 -Inative native/test/fuzz_elf.cc native/core/elf_check.cc
///   g++ -DHC_FUZZ_MAIN -fsanitize=address,undefined -std=c++20 -Inative native/test/fuzz_elf.cc
///       native/core/elf_check.cc -o fuzz-elf && ./fuzz-elf [rounds] [seed]
#include "../core/elf_check.hh"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const hotclick::core::ElfReport report = hotclick::core::check_elf(data, size);
  // Bytes without a header are an error, and an error names no variables.
  if (size < 64 && report.error.empty()) __builtin_trap();
  if (report.mutable_statics.size() > size) __builtin_trap();
  return 0;
}

#ifdef HC_FUZZ_MAIN
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include "elf_image.hh"
#include "unit.hpp"

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
  for (uint64_t i = 0; i < rounds; ++i) {
    std::string file = good_library(random);
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
