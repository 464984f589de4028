/// Bandwidths as Click writes them: "8Mbps", "100kBps", or a plain number of bytes per second.
#pragma once
#include <hotclick/words.hpp>

namespace hotclick {

/// Bytes per second; false with the message set.
inline bool parse_bandwidth(const hc_host* host, const String& text, uint64_t& bytes, char* error) {
  struct Unit {
    const char* name;
    double bytes;
  };
  constexpr Unit units[] = {{"bps", 0.125}, {"b/s", 0.125}, {"Bps", 1}, {"B/s", 1}, {"", 1}};
  String number = text;
  double scale = 1;
  auto ends_with = [&number](const char* end, uint32_t n) {
    return number.length > n && memcmp(number.data + number.length - n, end, n) == 0;
  };
  for (const Unit& unit : units) {
    const uint32_t n = static_cast<uint32_t>(__builtin_strlen(unit.name));
    if (!ends_with(unit.name, n)) continue;
    number.length -= n;
    scale = unit.bytes;
    break;
  }
  if (ends_with("k", 1) || ends_with("K", 1) || ends_with("M", 1) || ends_with("G", 1)) {
    const char prefix = number.data[--number.length];
    scale *= prefix == 'G' ? 1e9 : prefix == 'M' ? 1e6 : 1e3;
  }
  double value = 0;
  if (host->parse(HC_F64, &number, &value, error) != 0 || value < 0 || value * scale > 1e15) {
    host->fail(error, "expected a bandwidth such as 8Mbps or 100kBps, found '%.*s'",
               static_cast<int>(text.length), text.data);
    return false;
  }
  bytes = static_cast<uint64_t>(value * scale + 0.5);
  return true;
}

}  // namespace hotclick
