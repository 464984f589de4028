#include "tokens.hh"

#include <cstring>

namespace hotclick::core {
namespace {

bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

bool is_word(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         (c != 0 && std::strchr("-./@_:", c) != nullptr);
}

bool starts(std::string_view text, size_t at, const char* what) {
  return text.substr(at, 2) == what;
}

/// The length of the word at `at`, which is not a space.
size_t word_length(std::string_view text, size_t at) {
  size_t end = at;
  while (end < text.size() && is_word(text[end])) ++end;
  if (end > at) return end - at;
  for (const char* two : {"&&", "||", "==", "!=", "<=", ">="}) {
    if (starts(text, at, two)) return 2;
  }
  return 1;
}

}  // namespace

std::vector<Token> split_words(std::string_view text) {
  std::vector<Token> words;
  for (size_t at = 0; at < text.size();) {
    if (is_space(text[at]) || text[at] == '"') {
      ++at;
    } else if (starts(text, at, "//")) {
      const size_t end = text.find('\n', at);
      at = end == std::string_view::npos ? text.size() : end;
    } else if (starts(text, at, "/*")) {
      const size_t end = text.find("*/", at + 2);
      at = end == std::string_view::npos ? text.size() : end + 2;
    } else {
      const size_t length = word_length(text, at);
      words.push_back({std::string(text.substr(at, length)), static_cast<uint32_t>(at + 1)});
      at += length;
    }
  }
  return words;
}

}  // namespace hotclick::core
