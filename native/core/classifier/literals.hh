/// Numbers and addresses as they are written in patterns.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace hotclick::core {

/// Decimal, 0x hexadecimal or 0 octal, up to 32 bits.
std::optional<uint32_t> parse_number(std::string_view word);

struct NumberRange {
  uint32_t low, high;
};
/// `LOW-HIGH`, not empty.
std::optional<NumberRange> parse_number_range(std::string_view word);

/// A dotted quad, in host order.
std::optional<uint32_t> parse_ip4(std::string_view word);

struct Ip4Net {
  uint32_t address, mask;  // host order; any mask, not only a prefix
};
/// `A.B.C.D/BITS`, `A.B.C.D/MASK`, or fewer bytes than four when BITS does not need more (`10/8`).
std::optional<Ip4Net> parse_ip4_net(std::string_view word);

/// Six hexadecimal numbers with colons.
std::optional<std::array<uint8_t, 6>> parse_ether(std::string_view word);

}  // namespace hotclick::core
