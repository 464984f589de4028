/// Fuzz target of the classifier compiler: any text must compile or be refused with a message, and any packet
/// must be classified without a read outside its buffer, with the same result by every method.
///
/// With libFuzzer the input comes from there; with -DHC_FUZZ_MAIN the program makes pseudo-random ones
/// itself:
///   fuzz_classifier [COUNT] [SEED]
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "core/classifier/classifier.hh"
#include "core/classifier/compile.hh"

using namespace hotclick::core;

namespace {

/// Reads numbers off the front of the input; zeros when it is used up.
struct Input {
  const uint8_t* data;
  size_t size;
  uint8_t byte() { return size == 0 ? 0 : (--size, *data++); }
  uint16_t word() { return static_cast<uint16_t>(byte() << 8 | byte()); }
};

[[noreturn]] void stop(const char* why) {
  std::fprintf(stderr, "fuzz_classifier: %s\n", why);
  std::abort();
}

struct Compiled {
  Compiled(const char* kind, const std::vector<hc_string>& patterns, const CompileOptions& options) {
    char error[HC_ERROR_SIZE];
    std::memset(error, 'x', sizeof error);
    uint32_t failed = UINT32_MAX;
    const uint32_t count = static_cast<uint32_t>(patterns.size());
    classifier = compile_patterns(kind, patterns.data(), count, options, error, &failed);
    if (classifier) return;
    if (std::memchr(error, 0, sizeof error) == nullptr || error[0] == 0) stop("refused without a message");
    if (failed > count) stop("refused without a pattern");
  }
  ~Compiled() { classifier_free(classifier); }
  Compiled(const Compiled&) = delete;
  Compiled& operator=(const Compiled&) = delete;
  hc_classifier* classifier = nullptr;
};

/// A packet whose buffer ends with its frame. The metadata is what elements may set: offsets inside the
/// buffer or behind the end of the frame.
struct FuzzPacket {
  explicit FuzzPacket(Input& in) {
    const uint32_t headroom = 1 + in.byte() % 64, length = in.byte() % 100;
    bytes.resize(headroom + length);
    for (uint8_t& b : bytes) b = in.byte();
    packet.buffer = bytes.data();
    packet.data = bytes.data() + headroom;
    packet.length = length;
    packet.mac_offset = in.byte();
    packet.network_offset = in.byte() % 2 ? in.word() : static_cast<uint16_t>(headroom);
    packet.transport_offset = in.byte() % 2 ? in.word() % 256 : 0;
  }
  std::vector<uint8_t> bytes;
  hc_packet packet{};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Input in{data, size};
  const char* kinds[] = {"classifier", "ipclassifier", "ipfilter"};
  const char* kind = kinds[in.byte() % 3];
  std::vector<std::unique_ptr<FuzzPacket>> packets;
  hc_batch batch;
  batch.count = in.byte() % 40;
  for (uint32_t i = 0; i < batch.count; ++i) {
    packets.push_back(std::make_unique<FuzzPacket>(in));
    batch.packets[i] = &packets.back()->packet;
  }
  // The rest is the patterns, a line each; copies of the exact size show reads beyond them.
  std::vector<std::vector<char>> lines(1);
  for (size_t i = 0; i < in.size; ++i) {
    if (in.data[i] == '\n') {
      lines.emplace_back();
    } else {
      lines.back().push_back(static_cast<char>(in.data[i]));
    }
  }
  std::vector<hc_string> patterns;
  for (const auto& line : lines) patterns.push_back({line.data(), static_cast<uint32_t>(line.size()), 0});

  CompileOptions tables, bitmaps;
  tables.most_tests = bitmaps.most_tests = 0;
  bitmaps.limits.merge_entries = 0;
  const Compiled first(kind, patterns, {}), second(kind, patterns, tables), third(kind, patterns, bitmaps);
  if (!first.classifier || !second.classifier || !third.classifier) return 0;
  uint16_t ports[3][HC_BATCH_CAPACITY];
  classify(first.classifier, &batch, ports[0]);
  classify(second.classifier, &batch, ports[1]);
  classify(third.classifier, &batch, ports[2]);
  for (uint32_t i = 0; i < batch.count; ++i) {
    if (ports[0][i] != ports[1][i] || ports[0][i] != ports[2][i]) stop("methods disagree");
  }
  char buffer[256];
  hc_text text{buffer, 0, sizeof buffer, 0, 0};
  classifier_text(first.classifier, &text);
  if (text.length > sizeof buffer) stop("text is longer than its buffer");
  return 0;
}

#ifdef HC_FUZZ_MAIN
#include "unit.hpp"

namespace {

template <size_t N>
const char* pick(unit::Random& random, const char* const (&words)[N]) {
  return words[random.below(N)];
}

/// An expression that is mostly good.
std::string make_expression(unit::Random& random, uint32_t depth) {
  static const char* const tests[] = {"tcp",
                                      "udp",
                                      "icmp type echo",
                                      "src 10.0.0.1",
                                      "10.0.0.0/8",
                                      "dst net 10/8",
                                      "port 80",
                                      "dst tcp port",
                                      "src port > 1023",
                                      "port != 53",
                                      "ip ttl < 5",
                                      "ip frag",
                                      "syn",
                                      "ack",
                                      "ip[0] & 0xf0 64",
                                      "ip[12:4] > 500",
                                      "transp[2:2] 80",
                                      "ip id & 0x5555 == 5",
                                      "true",
                                      "false",
                                      "ether host 2:0:0:0:0:1",
                                      "ip proto 1-50",
                                      "tcp win >= 3",
                                      "host != 0.0.0.0"};
  static const char* const words[] = {"src", "dst", "and", "not", "(", ")", "?",    "[", "]",
                                      "&",   "!=",  "<",   "80",  "-", ":", "mask", "0", "10.0.0.0/0"};
  if (random.chance(4)) return pick(random, words);
  if (depth == 0 || random.chance(30)) return pick(random, tests);
  const std::string a = make_expression(random, depth - 1), b = make_expression(random, depth - 1);
  switch (random.below(5)) {
    case 0:
      return "not (" + a + ")";
    case 1:
      return "(" + a + ") or " + b;
    case 2:
      return a + " ? " + b + " : " + make_expression(random, depth - 1);
    default:
      return "(" + a + ") && (" + b + ")";
  }
}

std::string make_clauses(unit::Random& random) {
  static const char* const clauses[] = {"12/0800", "!12/08??", "20/0001%00ff", "1/ff",
                                        "0/00%81", "-",        "3/0a0b0c0d"};
  std::string text;
  for (uint32_t n = 1 + random.below(3); n > 0; --n) text += std::string(pick(random, clauses)) + " ";
  return text;
}

/// A kind, bytes for packets, then patterns, sometimes with a damaged character.
std::vector<uint8_t> make_input(unit::Random& random) {
  static const char* const actions[] = {"allow ", "deny ", "drop ", "2 "};
  const uint32_t kind = random.below(3), packets = random.below(40);
  std::string text;
  for (uint32_t lines = 1 + random.below(6); lines > 0; --lines) {
    if (kind == 0) text += make_clauses(random);
    if (kind == 2) text += pick(random, actions);
    if (kind != 0) text += make_expression(random, 3);
    if (random.chance(5))
      text[random.below(static_cast<uint32_t>(text.size()))] = static_cast<char>(random.next());
    if (lines > 1) text += '\n';
  }
  std::vector<uint8_t> input{static_cast<uint8_t>(kind), static_cast<uint8_t>(packets)};
  for (uint32_t i = 0; i < packets; ++i) {
    const uint32_t headroom = 1 + random.below(60), length = random.below(100);
    input.push_back(static_cast<uint8_t>(headroom - 1));
    input.push_back(static_cast<uint8_t>(length));
    static const uint8_t common[] = {0, 1, 2, 6, 8, 17, 64, 69, 80, 255};
    for (uint32_t k = 0; k < headroom + length; ++k) input.push_back(common[random.below(sizeof common)]);
    input.push_back(static_cast<uint8_t>(random.below(100)));
    for (int header = 0; header < 2; ++header) {  // the network and the transport header's place
      input.push_back(random.chance(30) ? 1 : 0);
      if (input.back() == 1) input.insert(input.end(), {0, static_cast<uint8_t>(random.below(180))});
    }
  }
  input.insert(input.end(), text.begin(), text.end());
  return input;
}

}  // namespace

int main(int argc, char** argv) {
  const uint64_t count = argc > 1 ? std::strtoull(argv[1], nullptr, 0) : 2000;
  const uint64_t seed = argc > 2 ? std::strtoull(argv[2], nullptr, 0) : 1;
  std::printf("fuzz_classifier: %llu inputs, seed %llu\n", static_cast<unsigned long long>(count),
              static_cast<unsigned long long>(seed));
  unit::Random random{seed};
  for (uint64_t i = 0; i < count; ++i) {
    const std::vector<uint8_t> input = make_input(random);
    LLVMFuzzerTestOneInput(input.data(), input.size());
  }
}
#endif
