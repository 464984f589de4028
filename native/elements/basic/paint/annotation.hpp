/// The ANNO argument of the paint elements: any annotation of one byte, by Click's names and numbers.
#pragma once
#include <hotclick/words.hpp>

namespace hotclick {

/// Where a one-byte annotation lies in a packet.
class ByteAnnotation {
 public:
  /// `PAINT`, `ICMP_PARAMPROB`, `FIX_IP_SRC`, or Click's offset: 16, 17, 19 for these and 24 to 47 for user
  /// bytes.
  bool set(const hc_host* host, const String& text, char* error) {
    uint32_t number = 0;
    if (text.length == 0 || equals(text, "PAINT"))
      number = paint;
    else if (equals(text, "ICMP_PARAMPROB"))
      number = icmp_parameter;
    else if (equals(text, "FIX_IP_SRC"))
      number = fix_ip_source;
    else if (host->parse(HC_U32, &text, &number, error) != 0)
      number = 0;
    switch (number) {
      case paint:
        offset_ = offsetof(hc_packet, paint);
        return true;
      case icmp_parameter:
        offset_ = offsetof(hc_packet, icmp_parameter);
        return true;
      case fix_ip_source:
        offset_ = offsetof(hc_packet, fix_ip_source);
        return true;
      default:
        break;
    }
    if (number >= first_user && number < first_user + sizeof(hc_packet::user)) {
      offset_ = static_cast<uint32_t>(offsetof(hc_packet, user)) + number - first_user;
      return true;
    }
    host->fail(error,
               "ANNO: expected PAINT, ICMP_PARAMPROB, FIX_IP_SRC or a number from 24 to 47, found '%.*s'",
               static_cast<int>(text.length), text.data);
    return false;
  }
  uint8_t& of(hc_packet& p) const { return reinterpret_cast<uint8_t*>(&p)[offset_]; }

 private:
  static constexpr uint32_t paint = 16, icmp_parameter = 17, fix_ip_source = 19, first_user = 24;
  uint32_t offset_ = offsetof(hc_packet, paint);
};

}  // namespace hotclick
