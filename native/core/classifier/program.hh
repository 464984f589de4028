/// A compiled classifier, as the packet path reads it. Never changes after compilation.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "fields.hh"

namespace hotclick::core {

/// Packets handled together: every step runs over all of them, so that their memory accesses overlap.
inline constexpr uint32_t chunk_size = 32;
/// Lookups and merges; bounds the stack of a call.
inline constexpr uint32_t most_slots = 512;
/// Of a small classifier.
inline constexpr uint32_t most_words = 4, most_tests = 4;

/// Reads a field and writes the class of its value into a slot.
struct LookupStep {
  Field field;
  uint16_t slot;
  bool wide;                    // classes in 16 bits instead of 8
  std::vector<uint8_t> narrow;  // by value; words as they lie in memory, then the values with missing bytes
  std::vector<uint16_t> classes;
  uint16_t class_of(uint32_t value) const { return wide ? classes[value] : narrow[value]; }
};

/// Writes table[class in slot a * stride + class in slot b] into a slot.
struct MergeStep {
  uint16_t a, b, slot;
  uint32_t stride;
  std::vector<uint16_t> table;
};

/// The classes that could not be merged further: each has a bitmap of the rows that are still possible and
/// the group that holds if none of them does.
struct Intersection {
  /// 64 words of a bitmap, of which only those that are not 0 are stored.
  struct Block {
    uint64_t summary;  // one bit for each word that is not 0
    uint32_t first;    // index of the first of them
    uint32_t reserved;
  };
  struct Part {
    uint16_t slot;
    std::vector<Block> blocks;  // `blocks` for each class
    std::vector<uint64_t> words;
    std::vector<uint32_t> decided;
  };
  std::vector<Part> parts;
  uint32_t blocks = 0;
  bool fast_count = false;  // the processor counts bits with one instruction
  std::vector<uint32_t> row_group;
  std::vector<uint16_t> group_port;
};

/// One test of a small classifier: bit `1 << i` of the outcome.
struct WordTest {
  Test test;
  uint16_t word;  // index of its word
};

struct Program {
  enum class Method : uint8_t { constant, tests, tables, intersection };
  Method method = Method::constant;
  uint16_t port = HC_NO_PORT;        // constant
  uint32_t bases = 0;                // one bit for each Base that is read
  uint32_t needed[base_count] = {};  // bytes, for all reads to be inside

  struct Word {
    Base base;
    uint16_t offset;
  };
  std::vector<Word> words;  // tests
  std::vector<WordTest> tests;
  std::vector<uint16_t> outcomes;  // port by outcome of the tests

  std::vector<LookupStep> lookups;  // tables and intersection
  std::vector<MergeStep> merges;
  Intersection intersection;

  uint32_t patterns = 0, rows = 0;
  std::string notes;

  void read_at(Base base, uint32_t bytes) {
    bases |= 1u << static_cast<uint32_t>(base);
    uint32_t& most = needed[static_cast<uint32_t>(base)];
    if (bytes > most) most = bytes;
  }
};

/// The ports of `count` packets (at most chunk_size), one function for each method.
void run_tests(const Program& program, hc_packet* const* packets, uint32_t count, uint16_t* ports);
void run_tables(const Program& program, hc_packet* const* packets, uint32_t count, uint16_t* ports);

}  // namespace hotclick::core

/// What the C ABI knows by name only.
struct hc_classifier {
  hotclick::core::Program program;
};
