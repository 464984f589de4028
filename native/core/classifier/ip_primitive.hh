/// One test of the IP expression language (`src tcp port & 10 == 8`), after parsing and before compilation.
#pragma once
#include <array>
#include <cstdint>

#include "expression.hh"

namespace hotclick::core {

enum class PrimitiveType : uint8_t {
  none,
  host,
  net,
  protocol,
  port,
  tcp_flag,
  ether,
  frag,
  unfrag,
  ect,
  ce,
  field
};
enum class Direction : uint8_t { none, source, destination, both, either };
enum class Relation : uint8_t { equal, different, less, at_most, greater, at_least };

/// Bits of the IP header (protocol unset) or of the header behind it.
struct HeaderField {
  static constexpr int16_t ip_header = -1;
  int16_t protocol = ip_header;  // otherwise a number of names.hh
  uint16_t bit_offset = 0;
  uint8_t bits = 0;
  bool operator==(const HeaderField&) const = default;
  uint32_t full_mask() const { return bits == 32 ? UINT32_MAX : (1u << bits) - 1; }
};
inline constexpr HeaderField icmp_type_field{1, 0, 8};

/// A complete, checked test. Numbers and addresses are in host order.
struct Primitive {
  static constexpr int any_protocol = -1;
  PrimitiveType type = PrimitiveType::none;
  Direction direction = Direction::none;
  Relation relation = Relation::equal;
  int protocol = any_protocol;  // the packet's protocol must be this one as well
  HeaderField field;            // type == field
  uint32_t low = 0, high = 0;   // the value, or the range of values
  uint32_t mask = 0;
  std::array<uint8_t, 6> ether{}, ether_mask{};
};

/// `!=`, `<` and `<=` are the negations of `==`, `>=` and `>`: with two addresses or ports they negate the
/// combination, as in Click (`port != 80`: neither port is 80).
constexpr bool is_negative(Relation r) {
  return r == Relation::different || r == Relation::less || r == Relation::at_most;
}

/// The expression of a primitive. Whatever the relation, it is false when a byte it needs is missing; tests
/// behind the IP header hold for first fragments only.
NodeId build_primitive(const Primitive& primitive, Expressions& expressions);

}  // namespace hotclick::core
