#include "merge_values.hh"

#include <hotclick/abi.h>

#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace hotclick::core {
namespace {

/// A whole number, its lowest 64 bits; false for any other text.
bool whole(const std::string& text, uint64_t& value, bool& negative) {
  const char* begin = text.data();
  const char* end = begin + text.size();
  negative = begin != end && *begin == '-';
  const auto [stop, error] = std::from_chars(negative ? begin + 1 : begin, end, value);
  if (error != std::errc() || stop != end) return false;
  if (negative) value = uint64_t{0} - value;
  return true;
}

double number(const std::string& text) {
  return strtod(text.c_str(), nullptr);
}

std::string sum(const std::vector<std::string>& values) {
  uint64_t total = 0;
  bool all_whole = true, below_zero = false;
  double inexact = 0;
  for (const std::string& text : values) {
    uint64_t one = 0;
    bool negative = false;
    all_whole = all_whole && whole(text, one, negative);
    below_zero = below_zero || negative;
    total += one;
    inexact += number(text);
  }
  if (all_whole) {
    return below_zero ? std::to_string(static_cast<int64_t>(total)) : std::to_string(total);
  }
  char text[40];
  snprintf(text, sizeof(text), "%.15g", inexact);
  return text;
}

std::string joined(const std::vector<std::string>& values) {
  std::string all;
  for (const std::string& text : values) all += text;
  return all;
}

}  // namespace

std::string merge_values(uint32_t how, const std::vector<std::string>& values) {
  if (values.empty()) return {};
  if (values.size() == 1) return values[0];
  const std::string* best = &values[0];
  switch (how) {
    case HC_MERGE_SUM:
      return sum(values);
    case HC_MERGE_CONCAT:
      return joined(values);
    case HC_MERGE_MAX:
      for (const std::string& text : values) best = number(text) > number(*best) ? &text : best;
      return *best;
    case HC_MERGE_MIN:
      for (const std::string& text : values) best = number(text) < number(*best) ? &text : best;
      return *best;
    default:
      return *best;
  }
}

}  // namespace hotclick::core
