/// Fuzz target: the reader of capture files. With -DHC_FUZZ_MAIN it drives itself: it damages good files at
/// random.
///   clang++ -fsanitize=fuzzer,address -std=c++20 -Inative/include native/test/fuzz_pcap.cc
///   native/io/capture_reader.cc g++ -DHC_FUZZ_MAIN -fsanitize=address,undefined -std=c++20 -Inative/include
///   native/test/fuzz_pcap.cc
///       native/io/capture_reader.cc -o fuzz-pcap && ./fuzz-pcap [rounds] [seed]
#include "../io/capture_reader.hh"

using namespace hotclick::io;

namespace {
volatile uint32_t sink;  // keeps the reads
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  CaptureReader reader(ByteSource(data, size));
  if (!reader.open()) return 0;
  CapturedFrame frame;
  size_t frames = 0;
  while (reader.next(frame) == CaptureReader::Outcome::frame) {
    uint32_t sum = 0;
    for (uint32_t i = 0; i < frame.length; ++i)
      sum += frame.data[i];  // a frame outside the input is found here
    sink = sum;
    // Every frame takes bytes of the input, so there cannot be more frames than bytes.
    if (++frames > size || frame.original_length < frame.length) __builtin_trap();
  }
  return 0;
}

#ifdef HC_FUZZ_MAIN
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>

#include "unit.hpp"

namespace {

std::string words(std::initializer_list<uint32_t> list) {
  std::string s;
  for (uint32_t w : list) s.append(reinterpret_cast<const char*>(&w), 4);
  return s;
}

std::string good_file(bool next_generation) {
  if (!next_generation) {
    return words(
        {0xA1B2C3D4, 4u << 16 | 2, 0, 0, 65535, 1, 1, 2, 8, 8, 0x11111111, 0x22222222, 3, 4, 4, 60, 5});
  }
  return words({0x0A0D0D0A, 28, 0x1A2B3C4D, 1, ~0u, ~0u, 28}) +
         words({1, 32, 1, 0, 1u << 16 | 9, 9, 0, 32}) +  // an interface with nanosecond times
         words({6, 40, 0, 1, 2, 8, 8, 0x33333333, 0x44444444, 40}) + words({3, 20, 4, 7, 20});
}

}  // namespace

int main(int argc, char** argv) {
  const uint64_t rounds = argc > 1 ? std::strtoull(argv[1], nullptr, 0) : 200'000;
  const uint64_t seed = argc > 2 ? std::strtoull(argv[2], nullptr, 0) : static_cast<uint64_t>(time(nullptr));
  std::printf("fuzz-pcap %llu %llu\n", static_cast<unsigned long long>(rounds),
              static_cast<unsigned long long>(seed));
  unit::Random random{seed};
  for (uint64_t i = 0; i < rounds; ++i) {
    std::string file = good_file(random.chance(60));
    for (uint32_t damages = random.below(5); damages-- > 0;) {
      static const uint32_t edges[] = {0,          1,          3,          4,      11,    12,
                                       0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 262144, 262145};
      const uint32_t at = random.below(static_cast<uint32_t>(file.size()));
      if (random.chance(50)) {
        file[at] = static_cast<char>(random.below(256));
      } else {
        memcpy(file.data() + std::min<size_t>(at & ~3u, file.size() - 4), &edges[random.below(11)], 4);
      }
    }
    if (random.chance(30)) file.resize(random.below(static_cast<uint32_t>(file.size()) + 1));
    // An allocation of exactly that size, so that the sanitizer sees a read past the end.
    uint8_t* copy = static_cast<uint8_t*>(std::malloc(file.size() + (file.empty() ? 1 : 0)));
    memcpy(copy, file.data(), file.size());
    LLVMFuzzerTestOneInput(copy, file.size());
    std::free(copy);
  }
  std::printf("done\n");
}
#endif
