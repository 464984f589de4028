/// FNV-1a over parts that are kept apart: the hashes of names, types and layouts that descriptors hold.
#pragma once
#include <cstdint>
#include <string_view>

namespace hotclick::core {

class Hash {
 public:
  Hash& add(std::string_view text) {
    for (const char c : text) byte(static_cast<uint8_t>(c));
    return add(text.size());
  }
  Hash& add(uint64_t number) {
    for (int i = 0; i < 8; ++i) byte(static_cast<uint8_t>(number >> (8 * i)));
    return *this;
  }
  /// Never 0, which stands for "not known".
  uint64_t value() const { return state_ ? state_ : 1; }

 private:
  void byte(uint8_t b) { state_ = (state_ ^ b) * 0x100000001b3ull; }
  uint64_t state_ = 0xcbf29ce484222325ull;
};

}  // namespace hotclick::core
