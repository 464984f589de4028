/// A slow evaluator of IP expressions that shares no code with the compiler: random expression trees are
/// printed as patterns for the compiler and evaluated here directly on the packet.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hotclick/abi.h"
#include "unit.hpp"

namespace hotclick::core::testing {

/// A packet's bytes as the reference sees them.
class PacketView {
 public:
  explicit PacketView(const hc_packet& packet) : p_(packet) {}
  enum class From { data, mac, network, transport };
  /// The byte at `offset`; nothing when it is missing.
  std::optional<uint8_t> byte(From from, uint32_t offset) const;

 private:
  int start(From from) const;
  const hc_packet& p_;
};

/// A pattern's text and its meaning.
struct Expression {
  std::string text;
  std::function<bool(const PacketView&)> holds;
};

/// Makes expressions whose values come from small sets, so that packets made from the same sets match often.
class ExpressionMaker {
 public:
  explicit ExpressionMaker(unit::Random& random) : random_(random) {}
  Expression make(uint32_t depth);
  /// A Classifier pattern.
  Expression make_clauses();

  uint32_t address();
  uint16_t port();
  template <size_t N>
  uint32_t pick(const uint32_t (&values)[N]) {
    return values[random_.below(N)];
  }

 private:
  using From = PacketView::From;
  /// Of `mask`ed bits of `bits` bits from bit `first`: false when a byte that the mask touches is missing.
  struct Comparison {
    From from;
    uint32_t first, bits, mask;
    int relation;
    uint32_t low, high;
  };
  static bool compare(const PacketView& packet, const Comparison& c);
  static bool protocol_is(const PacketView& packet, int protocol);
  static bool first_fragment(const PacketView& packet);

  Expression address_test();
  Expression port_test();
  Expression field_test();
  Expression bytes_test();
  Expression word_test();
  Expression ether_test();
  std::string relation_and_value(Comparison& c, uint32_t value);

  unit::Random& random_;
};

}  // namespace hotclick::core::testing
