#include "clause_parser.hh"

#include <algorithm>
#include <string>

namespace hotclick::core {
namespace {

bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

struct Nibble {
  uint8_t value, mask;
};
/// False when `c` is neither a hexadecimal digit nor '?'.
bool read_nibble(char c, Nibble& out) {
  if (c == '?') return out = {0, 0}, true;
  if (c >= '0' && c <= '9') return out = {static_cast<uint8_t>(c - '0'), 15}, true;
  if (c >= 'a' && c <= 'f') return out = {static_cast<uint8_t>(c - 'a' + 10), 15}, true;
  if (c >= 'A' && c <= 'F') return out = {static_cast<uint8_t>(c - 'A' + 10), 15}, true;
  return false;
}

std::string_view take_nibbles(std::string_view& rest) {
  size_t n = 0;
  Nibble ignored;
  while (n < rest.size() && read_nibble(rest[n], ignored)) ++n;
  const std::string_view digits = rest.substr(0, n);
  rest.remove_prefix(n);
  return digits;
}

/// One clause, `offset/value[%mask]`, which is a word of the pattern at `position`.
NodeId parse_clause(std::string_view word, uint32_t position, Expressions& expressions,
                    Diagnostic& diagnostic) {
  const auto fail = [&](const char* text) {
    diagnostic.fail(text, word, position);
    return Expressions::never;
  };
  std::string_view rest = word;
  uint32_t offset = 0;
  size_t digits = 0;
  while (digits < rest.size() && rest[digits] >= '0' && rest[digits] <= '9') {
    offset = offset * 10 + static_cast<uint32_t>(rest[digits++] - '0');
    if (offset > 0xFFFF) return fail("offset is above 65535 in clause");
  }
  if (digits == 0) return fail("expected an offset (a decimal number) in clause");
  rest.remove_prefix(digits);
  if (rest.empty() || rest[0] != '/') return fail("expected '/' after the offset in clause");
  rest.remove_prefix(1);
  const std::string_view value = take_nibbles(rest);
  if (value.size() < 2) return fail("value has less than 2 hex digits in clause");
  if (value.size() % 2 != 0) return fail("value has an odd number of hex digits in clause");
  std::string_view mask;
  if (!rest.empty() && rest[0] == '%') {
    rest.remove_prefix(1);
    mask = take_nibbles(rest);
    if (mask.size() != value.size()) {
      return fail(mask.size() < value.size() ? "mask has too few hex digits in clause"
                                             : "mask has too many hex digits in clause");
    }
  }
  if (!rest.empty()) return fail("unexpected character in clause");

  std::vector<NodeId> tests;
  uint16_t word_value = 0, word_mask = 0;
  for (size_t i = 0; i < value.size(); i += 2, ++offset) {
    uint8_t byte = 0, byte_mask = 0;
    for (size_t k = i; k < i + 2; ++k) {
      Nibble v{}, m{15, 15};
      read_nibble(value[k], v);
      if (!mask.empty()) read_nibble(mask[k], m);
      byte_mask = static_cast<uint8_t>(byte_mask << 4 | (v.mask & m.value & m.mask));
      byte = static_cast<uint8_t>(byte << 4 | v.value);
    }
    const uint32_t shift = offset % 2 == 0 ? 8 : 0;
    word_value = static_cast<uint16_t>(word_value | (byte & byte_mask) << shift);
    word_mask = static_cast<uint16_t>(word_mask | byte_mask << shift);
    if (shift == 0 || i + 2 == value.size()) {
      // Anything beyond a frame's end is the same to the test: missing.
      const uint16_t at = static_cast<uint16_t>(std::min(offset & ~1u, 0xFFFEu));
      tests.push_back(expressions.test({Base::data, false, at, word_mask, word_value, word_value}));
      word_value = word_mask = 0;
    }
  }
  return expressions.all(tests);
}

}  // namespace

NodeId parse_clauses(std::string_view pattern, Expressions& expressions, Diagnostic& diagnostic) {
  // Positions count in what the caller gave, quotation marks included.
  std::string text(pattern);
  for (char& c : text) {
    if (c == '"') c = ' ';
  }
  std::vector<NodeId> clauses;
  bool dash = false, negated = false;
  size_t at = 0, words = 0;
  while (!diagnostic.failed()) {
    while (at < text.size() && is_space(text[at])) ++at;
    if (at >= text.size()) break;
    if (text[at] == '!') {
      if (negated) diagnostic.fail("expected a clause, not another", "!", static_cast<uint32_t>(at + 1));
      negated = true;
      ++at;
      continue;
    }
    size_t end = at;
    while (end < text.size() && !is_space(text[end]) && text[end] != '!') ++end;
    const std::string_view word = std::string_view(text).substr(at, end - at);
    const uint32_t position = static_cast<uint32_t>(at + 1);
    ++words;
    if (dash) diagnostic.fail("nothing may follow '-'", word, position);
    if (word == "-" && words == 1 && !negated) {
      dash = true;
    } else {
      const NodeId clause = parse_clause(word, position, expressions, diagnostic);
      clauses.push_back(negated ? expressions.negation(clause) : clause);
      negated = false;
    }
    at = end;
  }
  if (negated) diagnostic.fail_at_end("a clause is missing after '!'");
  return diagnostic.failed() ? Expressions::never : expressions.all(clauses);
}

}  // namespace hotclick::core
