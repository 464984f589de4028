/// The variables of a script, in a block of bytes that is part of the element's state: an upgrade keeps them.
#pragma once
#include "script_text.hpp"

namespace hotclick {

struct VariableBlock {
  uint32_t used = 0;
  uint8_t bytes[3072] = {};
};

/// Entries of {length of the name, 1 byte; length of the value, 2 bytes; name; value} one after the other.
class Variables {
 public:
  explicit Variables(VariableBlock& block) : block_(block) {}

  bool get(const String& name, String& value) const {
    const uint32_t at = find(name);
    if (at == block_.used) return false;
    value = value_at(at);
    return true;
  }
  /// False when the block is full. `value` must not be a value of this block.
  bool set(const String& name, const String& value) {
    const uint32_t at = find(name);
    if (at != block_.used) {
      const uint32_t size = size_at(at);
      memmove(block_.bytes + at, block_.bytes + at + size, block_.used - at - size);
      block_.used -= size;
    }
    if (name.length > 255 || value.length > 0xFFFF) return false;
    if (sizeof(block_.bytes) - block_.used < head + name.length + value.length) return false;
    uint8_t* to = block_.bytes + block_.used;
    const auto length = static_cast<uint16_t>(value.length);
    to[0] = static_cast<uint8_t>(name.length);
    memcpy(to + 1, &length, sizeof(length));
    memcpy(to + head, name.data, name.length);
    if (value.length != 0) memcpy(to + head + name.length, value.data, value.length);
    block_.used += head + name.length + value.length;
    return true;
  }

 private:
  static constexpr uint32_t head = 3;
  String value_at(uint32_t at) const {
    uint16_t length;
    memcpy(&length, block_.bytes + at + 1, sizeof(length));
    return {reinterpret_cast<const char*>(block_.bytes + at + head + block_.bytes[at]), length, 0};
  }
  uint32_t size_at(uint32_t at) const { return head + block_.bytes[at] + value_at(at).length; }
  uint32_t find(const String& name) const {
    uint32_t at = 0;
    for (; at < block_.used; at += size_at(at)) {
      if (equal(name, {reinterpret_cast<const char*>(block_.bytes + at + head), block_.bytes[at], 0})) break;
    }
    return at;
  }

  VariableBlock& block_;
};

}  // namespace hotclick
