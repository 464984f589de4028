/// How the parsers report what is wrong with a pattern.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace hotclick::core {

/// The first thing found wrong; later ones are ignored.
struct Diagnostic {
  std::string message;
  bool failed() const { return !message.empty(); }
  /// `text` and where: "…: 'WORD' at position N"; positions count characters of the pattern from 1.
  void fail(std::string_view text, std::string_view word, uint32_t position);
  /// A failure at the end of the pattern.
  void fail_at_end(std::string_view text);
};

}  // namespace hotclick::core
