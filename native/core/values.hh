/// Text of configuration values: reading each hc_type, and Click's quoting.
#pragma once
#include <hotclick/abi.h>

#include <string>
#include <string_view>

namespace hotclick::core {

/// Reads `text` (quotes and white space removed) as `type` into `value`; false with `error` saying what was
/// expected. HC_STRING cannot be read here: its bytes need an owner (see Node).
bool parse_value(uint32_t type, std::string_view text, void* value, std::string& error);

/// Writes a value as parse_value would read it.
std::string print_value(uint32_t type, const void* value);

/// Removes Click's quotes: "…" with backslash escapes, '…' literally, \<hex> bytes.
std::string unquote(std::string_view text);

std::string_view trim(std::string_view text);

/// The word of a type in documentation and in errors: "an IPv4 address".
const char* type_phrase(uint32_t type);
/// The short name in descriptors: "ip4".
const char* type_name(uint32_t type);
/// The type of that short name; 0 when there is none.
uint32_t type_by_name(std::string_view name);

}  // namespace hotclick::core
