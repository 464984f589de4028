/// IPv4 options (RFC 791 3.1): a walk that stops at the first that is not whole.
#pragma once
#include "net.hpp"

namespace hotclick {

inline constexpr uint8_t option_end = 0, option_nop = 1, option_loose_route = 131, option_strict_route = 137;
/// In the type: the option goes into every fragment.
inline constexpr uint8_t option_copied = 0x80;
inline constexpr uint32_t max_options = 40;

/// `for (IpOptions o(ip); o.next();)` gives the options that have a length byte, one after the other.
struct IpOptions {
  const uint8_t* at;    // the option: type, length, data
  uint32_t length = 0;  // bytes of it, type and length byte included
  uint32_t left;
  /// The header's own length has been checked against the frame.
  explicit IpOptions(const Ipv4Header& ip)
      : at(reinterpret_cast<const uint8_t*>(&ip + 1)), left(ip.header_length() - sizeof(Ipv4Header)) {}

  bool next() {
    at += length;
    left -= length;
    while (left != 0 && *at == option_nop) {
      ++at;
      --left;
    }
    if (left < 2 || *at == option_end || at[1] < 2 || at[1] > left) return false;
    length = at[1];
    return true;
  }
};

}  // namespace hotclick
