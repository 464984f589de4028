// Click's quoting of configuration text.
#include <cctype>

#include "values.hh"

namespace hotclick::core {

std::string_view trim(std::string_view t) {
  while (!t.empty() && isspace(static_cast<unsigned char>(t.front()))) t.remove_prefix(1);
  while (!t.empty() && isspace(static_cast<unsigned char>(t.back()))) t.remove_suffix(1);
  return t;
}

std::string unquote(std::string_view t) {
  std::string out;
  char quote = 0;
  for (size_t i = 0; i < t.size(); ++i) {
    const char c = t[i];
    if (quote == 0 && (c == '"' || c == '\'')) {
      quote = c;
    } else if (quote != 0 && c == quote) {
      quote = 0;
    } else if (c == '\\' && quote != '\'' && i + 1 < t.size()) {
      const char next = t[++i];
      if (next == '<') {  // \<48 65 6C> : bytes in hexadecimal
        int digits = 0, byte = 0;
        for (++i; i < t.size() && t[i] != '>'; ++i) {
          if (!isxdigit(static_cast<unsigned char>(t[i]))) continue;
          byte =
              byte * 16 + (isdigit(static_cast<unsigned char>(t[i])) ? t[i] - '0' : (t[i] | 32) - 'a' + 10);
          if (++digits == 2) {
            out += static_cast<char>(byte);
            digits = byte = 0;
          }
        }
      } else if (quote == 0) {
        out += next;
      } else {
        switch (next) {
          case 'n':
            out += '\n';
            break;
          case 't':
            out += '\t';
            break;
          case 'r':
            out += '\r';
            break;
          case 'a':
            out += '\a';
            break;
          case 'b':
            out += '\b';
            break;
          case 'f':
            out += '\f';
            break;
          case 'v':
            out += '\v';
            break;
          case 'x': {
            uint8_t byte = 0;
            while (i + 1 < t.size() && isxdigit(static_cast<unsigned char>(t[i + 1]))) {
              const char h = t[++i];
              const int digit = isdigit(static_cast<unsigned char>(h)) ? h - '0' : (h | 32) - 'a' + 10;
              byte = static_cast<uint8_t>(byte * 16 + digit);  // of more than two digits the last two count
            }
            out += static_cast<char>(byte);
            break;
          }
          case '\n':
            break;  // a line joined
          default:
            if (next >= '0' && next <= '7') {
              int byte = next - '0';
              for (int n = 0; n < 2 && i + 1 < t.size() && t[i + 1] >= '0' && t[i + 1] <= '7'; ++n) {
                byte = byte * 8 + (t[++i] - '0');
              }
              out += static_cast<char>(byte);
            } else {
              out += next;
            }
        }
      }
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace hotclick::core
