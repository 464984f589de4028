/// Text of scripts: a buffer that grows in place, words, and Click's quoting.
#pragma once
#include <hotclick/words.hpp>

namespace hotclick {

/// Up to `capacity` bytes; `overflow` in `text` is set when something did not fit.
class ScriptText {
 public:
  static constexpr uint32_t capacity = 4096;
  ScriptText() : text_{bytes_, 0, capacity, 0, 0} {}
  ScriptText(const ScriptText&) = delete;
  ScriptText& operator=(const ScriptText&) = delete;

  void add(char c) {
    if (text_.length < capacity)
      bytes_[text_.length++] = c;
    else
      text_.overflow = 1;
  }
  void add(const String& s) {
    for (uint32_t i = 0; i < s.length; ++i) add(s.data[i]);
  }
  void add(const char* s) {
    while (*s != 0) add(*s++);
  }
  void clear() { text_.length = text_.overflow = 0; }
  String view() const { return {bytes_, text_.length, 0}; }
  hc_text* out() { return &text_; }
  bool overflow() const { return text_.overflow != 0; }

 private:
  hc_text text_;
  char bytes_[capacity];
};

inline String trimmed(String s) {
  while (s.length != 0 && is_blank(s.data[0])) ++s.data, --s.length;
  while (s.length != 0 && is_blank(s.data[s.length - 1])) --s.length;
  return s;
}
inline bool equal(const String& a, const String& b) {
  return a.length == b.length && (a.length == 0 || memcmp(a.data, b.data, a.length) == 0);
}
/// What lies behind the first `n` bytes.
inline String after(const String& s, uint32_t n) {
  return {s.data + n, s.length - n, 0};
}

/// The end of the quoted part of `s` that starts at `i`: the place behind the closing quote.
inline uint32_t skip_quoted(const String& s, uint32_t i) {
  const char quote = s.data[i++];
  while (i < s.length && s.data[i] != quote) i += s.data[i] == '\\' && quote == '"' ? 2 : 1;
  return i < s.length ? i + 1 : s.length;
}
/// The same for `\<…>`, starting at the backslash.
inline uint32_t skip_hex(const String& s, uint32_t i) {
  while (i < s.length && s.data[i] != '>') ++i;
  return i < s.length ? i + 1 : s.length;
}
inline bool starts_hex(const String& s, uint32_t i) {
  return s.data[i] == '\\' && i + 1 < s.length && s.data[i + 1] == '<';
}

/// Takes the first word off `rest`; blanks inside quotes do not end it. Empty when there is none.
inline String shift_word(String& rest) {
  rest = trimmed(rest);
  uint32_t i = 0;
  while (i < rest.length && !is_blank(rest.data[i])) {
    if (rest.data[i] == '"' || rest.data[i] == '\'')
      i = skip_quoted(rest, i);
    else if (starts_hex(rest, i))
      i = skip_hex(rest, i);
    else
      ++i;
  }
  const String word = {rest.data, i, 0};
  rest = trimmed(after(rest, i));
  return word;
}

inline int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c = static_cast<char>(c | 0x20);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/// The bytes of `\<…>` at `i`; returns the place behind.
inline uint32_t add_hex(const String& s, uint32_t i, ScriptText& out) {
  const uint32_t end = skip_hex(s, i);
  int high = -1;
  for (i += 2; i < end; ++i) {
    const int digit = hex_digit(s.data[i]);
    if (digit < 0) continue;
    if (high >= 0) out.add(static_cast<char>(high * 16 + digit));
    high = high >= 0 ? -1 : digit;
  }
  return end;
}

/// One character behind a backslash inside double quotes; returns the place behind it.
inline uint32_t add_escape(const String& s, uint32_t i, ScriptText& out) {
  const char c = s.data[i + 1];
  switch (c) {
    case '<':
      return add_hex(s, i, out);
    case 'n':
      out.add('\n');
      break;
    case 't':
      out.add('\t');
      break;
    case 'r':
      out.add('\r');
      break;
    default:
      out.add(c);
  }
  return i + 2;
}

/// Removes one layer of quotes.
inline void unquote(const String& s, ScriptText& out) {
  uint32_t i = 0;
  char quote = 0;
  while (i < s.length) {
    const char c = s.data[i];
    if (quote == 0 && (c == '"' || c == '\''))
      quote = c, ++i;
    else if (quote != 0 && c == quote)
      quote = 0, ++i;
    else if (quote == '"' && c == '\\' && i + 1 < s.length)
      i = add_escape(s, i, out);
    else if (quote == 0 && starts_hex(s, i))
      i = add_hex(s, i, out);
    else
      out.add(c), ++i;
  }
}

/// What becomes of the quotes in the text itself. What is put in for a variable stays as it is either way.
enum class Quotes : uint8_t { keep, remove };

}  // namespace hotclick
