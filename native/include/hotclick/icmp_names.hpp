/// Names of ICMP error types and codes in configurations (RFC 792, RFC 1812 5.2.7).
#pragma once
#include "words.hpp"

namespace hotclick {

inline constexpr uint8_t icmp_echo_reply = 0, icmp_unreachable = 3, icmp_source_quench = 4, icmp_redirect = 5,
                         icmp_echo = 8, icmp_time_exceeded = 11, icmp_parameter_problem = 12;
inline constexpr uint8_t icmp_need_fragmentation = 4;  // code of icmp_unreachable

/// The types that report about another datagram, about which no error may be sent (RFC 1122 3.2.2).
inline bool is_icmp_error(uint32_t type) {
  return type == icmp_unreachable || type == icmp_source_quench || type == icmp_redirect ||
         type == icmp_time_exceeded || type == icmp_parameter_problem;
}

struct IcmpName {
  char name[20];
  uint8_t type, code;
};
inline constexpr IcmpName icmp_type_names[] = {{"unreachable", icmp_unreachable, 0},
                                               {"sourcequench", icmp_source_quench, 0},
                                               {"redirect", icmp_redirect, 0},
                                               {"timeexceeded", icmp_time_exceeded, 0},
                                               {"parameterproblem", icmp_parameter_problem, 0}};
inline constexpr IcmpName icmp_code_names[] = {{"net", icmp_unreachable, 0},
                                               {"host", icmp_unreachable, 1},
                                               {"protocol", icmp_unreachable, 2},
                                               {"port", icmp_unreachable, 3},
                                               {"needfrag", icmp_unreachable, 4},
                                               {"srcroutefail", icmp_unreachable, 5},
                                               {"netunknown", icmp_unreachable, 6},
                                               {"hostunknown", icmp_unreachable, 7},
                                               {"netprohibited", icmp_unreachable, 9},
                                               {"hostprohibited", icmp_unreachable, 10},
                                               {"filterprohibited", icmp_unreachable, 13},
                                               {"net", icmp_redirect, 0},
                                               {"host", icmp_redirect, 1},
                                               {"transit", icmp_time_exceeded, 0},
                                               {"reassembly", icmp_time_exceeded, 1},
                                               {"erroratptr", icmp_parameter_problem, 0},
                                               {"missingopt", icmp_parameter_problem, 1},
                                               {"length", icmp_parameter_problem, 2}};

/// A type by name or number; false when it is neither.
HC_COLD inline bool parse_icmp_type(const hc_host* host, const String& text, uint8_t& type) {
  char ignored[HC_ERROR_SIZE];
  for (const IcmpName& n : icmp_type_names) {
    if (!equals(text, n.name)) continue;
    type = n.type;
    return true;
  }
  return parse_word(host, text, type, ignored);
}

/// A code by the name it has for `type`, or by number; false when it is neither.
HC_COLD inline bool parse_icmp_code(const hc_host* host, const String& text, uint8_t type, uint8_t& code) {
  char ignored[HC_ERROR_SIZE];
  for (const IcmpName& n : icmp_code_names) {
    if (n.type != type || !equals(text, n.name)) continue;
    code = n.code;
    return true;
  }
  return parse_word(host, text, code, ignored);
}

}  // namespace hotclick
