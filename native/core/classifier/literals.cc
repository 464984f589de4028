#include "literals.hh"

namespace hotclick::core {
namespace {

int digit_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return 99;
}

std::optional<uint32_t> parse_digits(std::string_view digits, uint32_t radix, uint32_t limit) {
  if (digits.empty()) return std::nullopt;
  uint64_t value = 0;
  for (char c : digits) {
    const uint32_t d = static_cast<uint32_t>(digit_value(c));
    if (d >= radix) return std::nullopt;
    value = value * radix + d;
    if (value > limit) return std::nullopt;
  }
  return static_cast<uint32_t>(value);
}

/// Takes the text before the next `separator` (or all that is left) off the front.
std::string_view take(std::string_view& rest, char separator) {
  const size_t at = rest.find(separator);
  const std::string_view part = rest.substr(0, at);
  rest = at == std::string_view::npos ? std::string_view{} : rest.substr(at + 1);
  return part;
}

}  // namespace

std::optional<uint32_t> parse_number(std::string_view word) {
  if (word.size() > 2 && word[0] == '0' && (word[1] == 'x' || word[1] == 'X')) {
    return parse_digits(word.substr(2), 16, UINT32_MAX);
  }
  if (word.size() > 1 && word[0] == '0') return parse_digits(word.substr(1), 8, UINT32_MAX);
  return parse_digits(word, 10, UINT32_MAX);
}

std::optional<NumberRange> parse_number_range(std::string_view word) {
  const size_t dash = word.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto low = parse_number(word.substr(0, dash)), high = parse_number(word.substr(dash + 1));
  if (!low || !high || *low > *high) return std::nullopt;
  return NumberRange{*low, *high};
}

std::optional<uint32_t> parse_ip4(std::string_view word) {
  uint32_t address = 0;
  std::string_view rest = word;
  for (int i = 0; i < 4; ++i) {
    if (rest.empty()) return std::nullopt;
    const auto byte = parse_digits(take(rest, '.'), 10, 255);
    if (!byte) return std::nullopt;
    address = address << 8 | *byte;
  }
  if (!rest.empty() || word.back() == '.') return std::nullopt;
  return address;
}

std::optional<Ip4Net> parse_ip4_net(std::string_view word) {
  const size_t slash = word.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const std::string_view tail = word.substr(slash + 1);
  if (const auto mask = parse_ip4(tail)) {
    const auto address = parse_ip4(word.substr(0, slash));
    if (!address) return std::nullopt;
    return Ip4Net{*address, *mask};
  }
  const auto bits = parse_digits(tail, 10, 32);
  if (!bits) return std::nullopt;
  const uint32_t mask = *bits == 0 ? 0 : UINT32_MAX << (32 - *bits);
  std::string_view rest = word.substr(0, slash);
  if (rest.empty() || rest.back() == '.') return std::nullopt;
  uint32_t address = 0, shift = 32;
  while (!rest.empty()) {
    const auto byte = parse_digits(take(rest, '.'), 10, 255);
    if (!byte || shift == 0) return std::nullopt;
    shift -= 8;
    address |= *byte << shift;
  }
  if (32 - shift < *bits) return std::nullopt;
  return Ip4Net{address, mask};
}

std::optional<std::array<uint8_t, 6>> parse_ether(std::string_view word) {
  std::array<uint8_t, 6> address{};
  std::string_view rest = word;
  for (uint8_t& byte : address) {
    const auto value = parse_digits(take(rest, ':'), 16, 255);
    if (!value) return std::nullopt;
    byte = static_cast<uint8_t>(*value);
  }
  if (!rest.empty() || word.back() == ':') return std::nullopt;
  return address;
}

}  // namespace hotclick::core
