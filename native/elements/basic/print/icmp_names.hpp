/// Names of ICMP types and codes, as Click prints them (numbers: RFC 792, 1122, 1256, 1812).
#pragma once
#include <stdint.h>

namespace hotclick {

inline constexpr uint8_t icmp_echo_reply = 0, icmp_unreachable = 3, icmp_redirect = 5, icmp_echo = 8,
                         icmp_time_exceeded = 11, icmp_parameter_problem = 12;
inline constexpr uint8_t icmp_unreachable_protocol = 2, icmp_unreachable_port = 3,
                         icmp_unreachable_need_fragment = 4;

/// Null when the type has no name.
inline const char* icmp_type_name(uint8_t type) {
  switch (type) {
    case icmp_echo_reply:
      return "echo-reply";
    case icmp_unreachable:
      return "unreachable";
    case 4:
      return "sourcequench";
    case icmp_redirect:
      return "redirect";
    case icmp_echo:
      return "echo";
    case 9:
      return "routeradvert";
    case 10:
      return "routersolicit";
    case icmp_time_exceeded:
      return "timeexceeded";
    case icmp_parameter_problem:
      return "parameterproblem";
    case 13:
      return "timestamp";
    case 14:
      return "timestamp-reply";
    case 15:
      return "inforeq";
    case 16:
      return "inforeq-reply";
    case 17:
      return "maskreq";
    case 18:
      return "maskreq-reply";
    default:
      return nullptr;
  }
}

/// Null when the code of that type has no name.
inline const char* icmp_code_name(uint8_t type, uint8_t code) {
  static constexpr char unreachable[][17] = {"net",
                                             "host",
                                             "protocol",
                                             "port",
                                             "needfrag",
                                             "srcroutefail",
                                             "netunknown",
                                             "hostunknown",
                                             "isolated",
                                             "netprohibited",
                                             "hostprohibited",
                                             "tosnet",
                                             "toshost",
                                             "filterprohibited",
                                             "hostprecedence",
                                             "precedencecutoff"};
  static constexpr char redirect[][8] = {"net", "host", "tosnet", "toshost"};
  static constexpr char time_exceeded[][11] = {"transit", "reassembly"};
  static constexpr char parameter_problem[][11] = {"erroratptr", "missingopt", "length"};
  switch (type) {
    case icmp_unreachable:
      return code < 16 ? unreachable[code] : nullptr;
    case icmp_redirect:
      return code < 4 ? redirect[code] : nullptr;
    case icmp_time_exceeded:
      return code < 2 ? time_exceeded[code] : nullptr;
    case icmp_parameter_problem:
      return code < 3 ? parameter_problem[code] : nullptr;
    default:
      return nullptr;
  }
}

}  // namespace hotclick
