/// Splits a pattern into words.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hotclick::core {

struct Token {
  std::string text;
  uint32_t position;  // of its first character in the pattern, from 1
};

/// Words are runs of letters, digits and `- . / @ _ :`; the operators `&& || == != <= >=` and every other
/// visible character are words of their own. Comments and the quotation marks around a pattern are skipped.
std::vector<Token> split_words(std::string_view pattern);

}  // namespace hotclick::core
