/// The options of a device: words KEY=VALUE, separated by spaces.
#pragma once
#include <stdint.h>

#include <initializer_list>
#include <string_view>

namespace hotclick::io {

/// Writes a message into a caller's buffer of HC_ERROR_SIZE bytes.
void set_error(char* error, const char* format, ...) __attribute__((format(printf, 2, 3)));

class DeviceOptions {
 public:
  explicit DeviceOptions(const char* text) : text_(text ? text : "") {}

  /// False, with the message set, when a word has no '=' or a key that is not in `known`.
  bool check(std::initializer_list<std::string_view> known, char* error) const;
  /// The value of a key, or `missing`.
  std::string_view get(std::string_view key, std::string_view missing = {}) const;
  /// A decimal number within bounds; false with the message set. A missing key leaves `value` as it is.
  bool number(std::string_view key, uint64_t low, uint64_t high, uint64_t& value, char* error) const;
  /// "1" or "true" is true, "0" or "false" is false; false with the message set. A missing key leaves
  /// `value`.
  bool flag(std::string_view key, bool& value, char* error) const;

 private:
  std::string_view text_;
};

}  // namespace hotclick::io
