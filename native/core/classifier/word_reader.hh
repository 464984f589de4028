/// A cursor over the words of a pattern.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "diagnostic.hh"
#include "tokens.hh"

namespace hotclick::core {

class WordReader {
 public:
  WordReader(std::string_view pattern, Diagnostic& diagnostic)
      : words_(split_words(pattern)), diagnostic_(diagnostic) {}

  bool at_end() const { return at_ >= words_.size(); }
  size_t remaining() const { return words_.size() - at_; }
  /// The word `ahead` of the next one; empty beyond the end.
  std::string_view word(size_t ahead = 0) const {
    return at_ + ahead < words_.size() ? std::string_view(words_[at_ + ahead].text) : std::string_view{};
  }
  bool is(std::string_view text, size_t ahead = 0) const { return !text.empty() && word(ahead) == text; }
  void skip(size_t count = 1) { at_ += count; }
  bool take(std::string_view text) {
    if (!is(text)) return false;
    skip();
    return true;
  }
  size_t index() const { return at_; }

  bool failed() const { return diagnostic_.failed(); }
  /// A failure at the next word, or at the end.
  void fail(std::string_view message) { fail_at(at_, message); }
  void fail_at(size_t index, std::string_view message) {
    if (index < words_.size()) {
      diagnostic_.fail(message, words_[index].text, words_[index].position);
    } else {
      diagnostic_.fail_at_end(message);
    }
  }

 private:
  std::vector<Token> words_;
  Diagnostic& diagnostic_;
  size_t at_ = 0;
};

}  // namespace hotclick::core
