/// A line of text built byte by byte: what Print and IPPrint say about a packet. It ends silently at its
/// capacity.
#pragma once
#include <hotclick/element.hpp>

namespace hotclick {

class Line {
 public:
  static constexpr uint32_t capacity = 8000;

  Line& add(char c) {
    if (length_ < capacity) text_[length_++] = c;
    return *this;
  }
  Line& add(const char* text) {
    while (*text != 0) add(*text++);
    return *this;
  }
  Line& add(const String& text) {
    for (uint32_t i = 0; i < text.length; ++i) add(text.data[i]);
    return *this;
  }
  /// Decimal, with blanks or zeros in front up to `width`.
  Line& number(uint64_t value, uint32_t width = 0, char fill = ' ') {
    char digits[20];
    uint32_t n = 0;
    do {
      digits[n++] = static_cast<char>('0' + value % 10);
      value /= 10;
    } while (value != 0);
    for (uint32_t i = n; i < width; ++i) add(fill);
    while (n != 0) add(digits[--n]);
    return *this;
  }
  Line& hex(uint8_t byte) {
    constexpr char digits[] = "0123456789abcdef";
    return add(digits[byte >> 4]).add(digits[byte & 15]);
  }
  /// Seconds and microseconds.
  Line& time(uint64_t ns) {
    return number(ns / 1'000'000'000).add('.').number(ns / 1000 % 1'000'000, 6, '0');
  }
  /// An IPv4 address in network order.
  Line& address(uint32_t value) {
    uint8_t b[4];
    memcpy(b, &value, 4);
    return number(b[0]).add('.').number(b[1]).add('.').number(b[2]).add('.').number(b[3]);
  }

  void say(hc_instance* self) const { self->host->print(self, text_, length_); }

 private:
  uint32_t length_ = 0;
  char text_[capacity];
};

/// The CONTENTS argument.
enum class Contents : uint8_t { none, hex, ascii };

/// 'NONE', 'HEX', 'ASCII' in any case, or a truth value; false when it is none of them.
inline bool parse_contents(const hc_host* host, const String& text, Contents& contents) {
  auto is = [&text](const char* word) {
    if (__builtin_strlen(word) != text.length) return false;
    for (uint32_t i = 0; i < text.length; ++i) {
      if ((text.data[i] & ~0x20) != word[i]) return false;
    }
    return true;
  };
  bool wanted = false;
  char error[HC_ERROR_SIZE];
  if (is("NONE"))
    contents = Contents::none;
  else if (is("HEX"))
    contents = Contents::hex;
  else if (is("ASCII"))
    contents = Contents::ascii;
  else if (host->parse(HC_BOOL, &text, &wanted, error) == 0)
    contents = wanted ? Contents::hex : Contents::none;
  else
    return false;
  return true;
}

/// Bytes in groups: hexadecimal by four, characters by eight. `per_row` bytes go to an indented row of their
/// own; 0: all stay on the line.
inline void add_bytes(Line& line, Contents contents, const uint8_t* data, uint32_t n, uint32_t per_row) {
  const uint32_t group = contents == Contents::hex ? 4 : 8;
  for (uint32_t i = 0; i < n; ++i) {
    if (per_row != 0 && i % per_row == 0)
      line.add("\n  ");
    else if (i % group == 0 && (i != 0 || contents == Contents::ascii))
      line.add(' ');
    if (contents == Contents::hex)
      line.hex(data[i]);
    else
      line.add(data[i] < 32 || data[i] > 126 ? '.' : static_cast<char>(data[i]));
  }
}

}  // namespace hotclick
