/// The TCP state machine as an observer between the two ends sees it.
#pragma once
#include "tcp_window.hpp"

namespace hotclick::firewall {

enum class Verdict : uint8_t {
  pass,
  pass_unchanged,  // let the ends sort it out; the record learns nothing
  restart,         // a new connection with the ends of a finished one
  out_of_window,
  bad_state
};

/// Is `ack` an acknowledgement of the SYN that `side` sent?
inline bool answers_syn(const Connection& c, uint32_t side, uint32_t ack) {
  return ack - c.max_end[side] <= c.end[side] - c.max_end[side];
}

/// The first segment of a connection. Without SYN it is picked up in mid-stream, with the largest scale
/// assumed.
void begin_tcp(Connection& c, uint32_t side, const Segment& s);

/// Judges a segment that `side` sent on a known connection and brings the record up to date.
Verdict track_tcp(Connection& c, uint32_t side, const Segment& s, bool check_windows);

}  // namespace hotclick::firewall
