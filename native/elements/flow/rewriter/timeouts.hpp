/// How long a mapping of IPRewriter lives, by what it has seen.
#pragma once
#include "mapping.hpp"

namespace hotclick::flow {

struct RewriterTimeouts {
  Duration tcp{86'400'000'000'000}, tcp_done{240'000'000'000}, tcp_no_data{300'000'000'000},
      tcp_guarantee{5'000'000'000}, udp{300'000'000'000}, udp_streaming{0}, udp_guarantee{5'000'000'000};
};

/// The same in ticks, ready to be indexed by a mapping's flags.
class TimeoutTable {
 public:
  void set(const RewriterTimeouts& t);
  uint32_t of(uint8_t protocol, uint8_t flags) const {
    return (protocol == protocol_tcp ? tcp_ : udp_)[flags & mapping_timeout_bits];
  }
  uint32_t guarantee(uint8_t protocol) const {
    return protocol == protocol_tcp ? tcp_guarantee_ : udp_guarantee_;
  }

 private:
  static uint32_t atleast(uint32_t ticks) { return ticks != 0 ? ticks : 1; }  // 0 would mean "for ever"
  uint32_t tcp_[mapping_timeout_bits + 1] = {}, udp_[mapping_timeout_bits + 1] = {};
  uint32_t tcp_guarantee_ = 0, udp_guarantee_ = 0;
};

}  // namespace hotclick::flow
