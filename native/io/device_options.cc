#include "device_options.hh"

#include <hotclick/abi.h>
#include <stdarg.h>
#include <stdio.h>

#include <algorithm>
#include <charconv>

namespace hotclick::io {
namespace {

/// Takes the next word off `text`; empty at the end.
std::string_view next_word(std::string_view& text) {
  const size_t start = std::min(text.find_first_not_of(' '), text.size());
  const size_t end = std::min(text.find(' ', start), text.size());
  const std::string_view word = text.substr(start, end - start);
  text.remove_prefix(end);
  return word;
}

}  // namespace

void set_error(char* error, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(error, HC_ERROR_SIZE, format, arguments);
  va_end(arguments);
}

bool DeviceOptions::check(std::initializer_list<std::string_view> known, char* error) const {
  std::string_view text = text_;
  for (std::string_view word = next_word(text); !word.empty(); word = next_word(text)) {
    const size_t equals = word.find('=');
    const std::string_view key = word.substr(0, equals);
    if (equals != std::string_view::npos && std::find(known.begin(), known.end(), key) != known.end())
      continue;
    set_error(error, "unknown device option '%.*s'", static_cast<int>(word.size()), word.data());
    return false;
  }
  return true;
}

std::string_view DeviceOptions::get(std::string_view key, std::string_view missing) const {
  std::string_view text = text_;
  for (std::string_view word = next_word(text); !word.empty(); word = next_word(text)) {
    const size_t equals = word.find('=');
    if (equals != std::string_view::npos && word.substr(0, equals) == key) return word.substr(equals + 1);
  }
  return missing;
}

bool DeviceOptions::number(std::string_view key, uint64_t low, uint64_t high, uint64_t& value,
                           char* error) const {
  const std::string_view word = get(key);
  if (word.data() == nullptr) return true;
  uint64_t parsed = 0;
  const auto [end, problem] = std::from_chars(word.data(), word.data() + word.size(), parsed);
  if (problem != std::errc() || end != word.data() + word.size() || parsed < low || parsed > high) {
    set_error(error, "device option %.*s=%.*s: must be a number from %llu to %llu",
              static_cast<int>(key.size()), key.data(), static_cast<int>(word.size()), word.data(),
              static_cast<unsigned long long>(low), static_cast<unsigned long long>(high));
    return false;
  }
  value = parsed;
  return true;
}

bool DeviceOptions::flag(std::string_view key, bool& value, char* error) const {
  const std::string_view word = get(key);
  if (word.data() == nullptr) return true;
  if (word == "1" || word == "true") {
    value = true;
  } else if (word == "0" || word == "false") {
    value = false;
  } else {
    set_error(error, "device option %.*s=%.*s: must be true or false", static_cast<int>(key.size()),
              key.data(), static_cast<int>(word.size()), word.data());
    return false;
  }
  return true;
}

}  // namespace hotclick::io
