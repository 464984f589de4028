/// Boolean expressions over tests of packet bytes: what every pattern language is parsed into.
#pragma once
#include <compare>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "hotclick/abi.h"

namespace hotclick::core {

/// What a test's offset counts from.
enum class Base : uint8_t { data, mac, network, transport };
inline constexpr uint32_t base_count = 4;

/// `(word & mask) in [low, high]`, or not in it, where `word` is the 16 bits at an even `offset` in network
/// order. False when a byte that the mask touches is missing, `negated` or not.
struct Test {
  Base base;
  bool negated;
  uint16_t offset;
  uint16_t mask;
  uint16_t low, high;
  auto operator<=>(const Test&) const = default;

  uint32_t bytes_needed() const { return offset + ((mask & 0xFFu) ? 2u : 1u); }
  bool holds(uint16_t word) const {
    const uint16_t v = word & mask;
    return (v >= low && v <= high) != negated;
  }
};

using NodeId = uint32_t;

/// An arena of nodes. Nodes are immutable and may be shared, and children come before their parents; the
/// builders fold constants and flatten lists.
class Expressions {
 public:
  enum class Kind : uint8_t { never, always, test, negation, all, any };

  static constexpr NodeId never = 0, always = 1;

  Expressions();
  NodeId test(const Test& test);
  NodeId negation(NodeId node);
  NodeId all(const std::vector<NodeId>& children);
  NodeId any(const std::vector<NodeId>& children);
  NodeId choice(NodeId condition, NodeId yes, NodeId no);

  Kind kind(NodeId node) const { return nodes_[node].kind; }
  /// The number of a `test` node's test.
  uint32_t test_of(NodeId node) const { return nodes_[node].first; }
  NodeId operand(NodeId node) const { return nodes_[node].first; }
  uint32_t child_count(NodeId node) const { return nodes_[node].count; }
  NodeId child(NodeId node, uint32_t i) const { return children_[nodes_[node].first + i]; }
  /// All different tests, by number.
  const std::vector<Test>& tests() const { return tests_; }
  /// Numbers of the tests that the value of these nodes depends on, in order.
  std::vector<uint32_t> tests_below(const std::vector<NodeId>& roots) const;
  uint32_t node_count() const { return static_cast<uint32_t>(nodes_.size()); }

 private:
  struct Node {
    Kind kind;
    uint32_t first;  // test number, operand, or first child in children_
    uint32_t count;
  };
  struct TestHash {
    size_t operator()(const Test& t) const {
      const uint64_t a = static_cast<uint64_t>(t.offset) << 32 | static_cast<uint64_t>(t.mask) << 16 | t.low;
      const uint64_t b = static_cast<uint64_t>(t.high) << 8 | static_cast<uint64_t>(t.base) << 1 | t.negated;
      return (a ^ (b * 0x9E3779B97F4A7C15ull)) * 0xD6E8FEB86659FD93ull >> 7;
    }
  };
  NodeId list(Kind kind, const std::vector<NodeId>& children);
  NodeId add(Kind kind, uint32_t first, uint32_t count);

  std::vector<Node> nodes_;
  std::vector<NodeId> children_;
  std::vector<Test> tests_;
  std::vector<NodeId> test_nodes_;
  std::unordered_map<Test, uint32_t, TestHash> test_numbers_;
};

}  // namespace hotclick::core
