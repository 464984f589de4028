/// The rules that say which packets may begin a connection: two filters, one for each side that may begin.
#pragma once
#include "connection.hpp"

namespace hotclick::firewall {

/// `allow EXPRESSION` and `deny EXPRESSION` for connections from inside, with the word `in` before it for
/// those from outside. The first rule that matches decides; what none matches is denied.
class Rules {
 public:
  Rules() = default;
  Rules(const Rules&) = delete;
  Rules& operator=(const Rules&) = delete;
  ~Rules() {
    for (uint32_t side = 0; side < 2; ++side) {
      if (filters_[side]) host_->classifier_free(filters_[side]);
    }
    if (lines_) host_->release(lines_);
  }

  bool compile(const Arguments& arguments);

  /// May this packet, sent by `side`, begin a connection?
  bool allow(uint32_t side, Packet& p) const;

  void list(Text out) const;

 private:
  static bool blank(char c) { return c == ' ' || c == '\t' || c == '\n'; }
  static bool begins_with(const String& s, const char* word);
  /// Takes a first word off the text if it is `word`.
  static bool take_word(String& s, const char* word);
  static void drop_first(String& s) {
    ++s.data;
    --s.length;
  }

  const hc_host* host_ = nullptr;
  hc_classifier* filters_[2] = {};
  String* lines_ = nullptr;
  uint32_t count_ = 0;
};

}  // namespace hotclick::firewall
