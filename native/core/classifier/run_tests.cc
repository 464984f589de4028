/// Small classifiers: a handful of tests, done for a whole chunk at once, give an index into a table of
/// ports. The loops over a chunk have a fixed length so that the compiler makes vector code of them.
#include "locate.hh"

namespace hotclick::core {

const uint8_t zero_frame[HC_BUFFER_SIZE + 64] = {};

namespace {

/// The tests of a packet that lacks bytes.
uint16_t outcome_of(const Program& program, const Packet& packet) {
  uint32_t outcome = 0;
  for (size_t i = 0; i < program.tests.size(); ++i) {
    const Test& t = program.tests[i].test;
    const Extent extent = find_extent(packet, t.base);
    if (extent.length < t.bytes_needed()) continue;
    const uint32_t high = extent.at[t.offset], low = (t.mask & 0xFF) != 0 ? extent.at[t.offset + 1] : 0;
    if (t.holds(static_cast<uint16_t>(high << 8 | low))) outcome |= 1u << i;
  }
  return static_cast<uint16_t>(outcome);
}

}  // namespace

void run_tests(const Program& program, hc_packet* const* packets, uint32_t count, uint16_t* ports) {
  Located located;
  locate(program, packets, count, located);
  alignas(64) uint16_t words[most_words][chunk_size];
  alignas(64) uint16_t outcome[chunk_size] = {};
  const size_t word_count = program.words.size();
  for (size_t w = 0; w < word_count; ++w) {
    const uint8_t* const* at = located.at[static_cast<uint32_t>(program.words[w].base)];
    const uint32_t offset = program.words[w].offset;
    for (uint32_t i = count; i < chunk_size; ++i) words[w][i] = 0;
    for (uint32_t i = 0; i < count; ++i) memcpy(&words[w][i], at[i] + offset, 2);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    for (uint32_t i = 0; i < chunk_size; ++i) {
      words[w][i] = static_cast<uint16_t>(words[w][i] << 8 | words[w][i] >> 8);
    }
#endif
  }
  uint16_t bit = 1;
  for (const WordTest& t : program.tests) {
    const uint16_t* word = words[t.word];
    const uint16_t mask = t.test.mask, low = t.test.low,
                   span = static_cast<uint16_t>(t.test.high - t.test.low);
    const uint16_t start = t.test.negated ? bit : 0;
    for (uint32_t i = 0; i < chunk_size; ++i) {
      const uint16_t distance = static_cast<uint16_t>((word[i] & mask) - low);
      const uint16_t inside = distance <= span ? bit : 0;
      outcome[i] = static_cast<uint16_t>(outcome[i] | (inside ^ start));
    }
    bit = static_cast<uint16_t>(bit << 1);
  }
  for (uint64_t rest = located.incomplete; HC_UNLIKELY(rest != 0); rest &= rest - 1) {
    const uint32_t i = static_cast<uint32_t>(__builtin_ctzll(rest));
    outcome[i] = outcome_of(program, *static_cast<const Packet*>(packets[i]));
  }
  const uint16_t* table = program.outcomes.data();
  for (uint32_t i = 0; i < count; ++i) ports[i] = table[outcome[i]];
}

}  // namespace hotclick::core
