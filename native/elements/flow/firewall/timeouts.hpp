/// How long Firewall keeps a connection that is silent. The defaults are those of Linux' connection tracking,
/// which follow RFC 5382 and RFC 4787 where these ask for more than a minimum.
#pragma once
#include "connection.hpp"

namespace hotclick::firewall {

struct FirewallTimeouts {
  Duration syn_sent{120'000'000'000}, syn_received{60'000'000'000}, established{432'000'000'000'000},
      fin_wait{120'000'000'000}, close_wait{60'000'000'000}, last_ack{30'000'000'000},
      time_wait{120'000'000'000}, closed{10'000'000'000}, udp{30'000'000'000}, udp_stream{120'000'000'000},
      icmp{30'000'000'000}, other{600'000'000'000};
};

/// The same in ticks by state.
class TimeoutTable {
 public:
  void set(const FirewallTimeouts& t);
  uint32_t of(const Connection& c) const {
    const uint32_t ticks = ticks_[static_cast<uint32_t>(c.state) % state_count];
    // An RST passed that the receiver may have obeyed.
    constexpr uint32_t doubtful = 300 * ticks_per_second;
    return HC_UNLIKELY(c.flags & flag_doubtful_reset) && ticks > doubtful ? doubtful : ticks;
  }

 private:
  uint32_t ticks_[state_count] = {};
};

}  // namespace hotclick::firewall
