#include "diagnostic.hh"

namespace hotclick::core {

void Diagnostic::fail(std::string_view text, std::string_view word, uint32_t position) {
  if (failed()) return;
  constexpr size_t longest = 60;  // a hostile word must not push the position out of the message
  message = text;
  message += ": '";
  for (char c : word.substr(0, longest)) message += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
  if (word.size() > longest) message += "...";
  message += "' at position " + std::to_string(position);
}

void Diagnostic::fail_at_end(std::string_view text) {
  if (failed()) return;
  message = text;
  message += " at the end of the pattern";
}

}  // namespace hotclick::core
