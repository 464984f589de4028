/// Shared by the versions of the test element Totals: static variables of the library, and a table by packet
/// length.
#pragma once
#include <hotclick/element.hpp>
using namespace hotclick;

struct LengthKey {
  uint32_t length;
};
constexpr auto length_key = schema<LengthKey>(1, HC_FIELD(LengthKey, length));
