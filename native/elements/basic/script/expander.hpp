/// Substitution in the text of scripts: $name, ${name}, ${name-default}, $(handler arguments).
#pragma once
#include "script_text.hpp"

namespace hotclick {

/// `Source` has `bool variable(String name, ScriptText& out)`, false when there is none of that name (its
/// text stays as it is then), and `bool handler(String call, ScriptText& out)`, false when that failed and
/// has been said.
template <class Source>
class Expander {
 public:
  explicit Expander(Source& source) : source_(source) {}

  /// Appends `s` with everything substituted; false when a handler failed.
  bool expand(const String& s, Quotes quotes, ScriptText& out) {
    uint32_t i = 0;
    char quote = 0;
    while (i < s.length) {
      const char c = s.data[i];
      const bool opens = quote == 0 && (c == '"' || c == '\'');
      if (opens || (quote != 0 && c == quote)) {
        quote = opens ? c : 0;
        if (quotes == Quotes::keep) out.add(c);
        ++i;
      } else if (quote != '\'' && starts_hex(s, i)) {
        if (quotes == Quotes::remove)
          i = add_hex(s, i, out);
        else
          for (const uint32_t end = skip_hex(s, i); i < end; ++i) out.add(s.data[i]);
      } else if (quote != '\'' && c == '\\' && i + 1 < s.length) {
        if (quotes == Quotes::remove && quote == '"') {
          i = add_escape(s, i, out);
        } else {
          if (quotes == Quotes::keep) out.add(c);
          out.add(s.data[i + 1]);
          i += 2;
        }
      } else if (quote != '\'' && c == '$') {
        if (!substitute(s, i, out)) return false;
      } else {
        out.add(c);
        ++i;
      }
    }
    return !out.overflow();
  }

 private:
  static bool is_name(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  }
  /// The place of the bracket that closes the one at `i`, or the end of the text.
  static uint32_t closing(const String& s, uint32_t i, char open, char close) {
    uint32_t depth = 0;
    while (i < s.length) {
      const char c = s.data[i];
      if (c == '"' || c == '\'') {
        i = skip_quoted(s, i);
        continue;
      }
      if (c == open) ++depth;
      if (c == close && --depth == 0) return i;
      ++i;
    }
    return s.length;
  }
  bool substitute(const String& s, uint32_t& i, ScriptText& out) {
    const uint32_t start = i++;
    const char next = i < s.length ? s.data[i] : 0;
    if (next == '(' || next == '{') {
      const uint32_t end = closing(s, i, next, next == '(' ? ')' : '}');
      if (end < s.length) {
        const String inner = {s.data + i + 1, end - i - 1, 0};
        i = end + 1;
        return next == '(' ? call(inner, out) : braces(inner, out);
      }
    }
    while (i < s.length && is_name(s.data[i])) ++i;
    if (i == start + 1 && (next == '?' || next == '#')) ++i;
    const String name = {s.data + start + 1, i - start - 1, 0};
    if (name.length == 0 || !source_.variable(name, out)) out.add(String{s.data + start, i - start, 0});
    return true;
  }
  bool call(const String& inner, ScriptText& out) {
    if (depth_ == max_depth) return false;
    ++depth_;
    ScriptText text;
    const bool good = expand(inner, Quotes::keep, text) && source_.handler(trimmed(text.view()), out);
    --depth_;
    return good;
  }
  bool braces(const String& inner, ScriptText& out) {
    uint32_t n = 0;
    while (n < inner.length && is_name(inner.data[n])) ++n;
    if (source_.variable({inner.data, n, 0}, out)) return true;
    if (n < inner.length && inner.data[n] == '-') return expand(after(inner, n + 1), Quotes::keep, out);
    out.add("${");
    out.add(inner);
    out.add('}');
    return true;
  }

  static constexpr uint32_t max_depth = 8;
  Source& source_;
  uint32_t depth_ = 0;
};

}  // namespace hotclick
