/// Window tracking: does a segment lie where its receiver can accept it? The four bounds are those of G. van
/// Rooij, "Real Stateful TCP Packet Filtering in IP Filter" (2000): data neither beyond the window offered
/// nor older than a window, acknowledgements neither of what was not sent nor older than a window.
#pragma once
#include "connection.hpp"
#include "tcp_segment.hpp"

namespace hotclick::firewall {

/// Acknowledgements may lag by so much at least: an unscaled window and a segment.
inline constexpr uint32_t least_lag = 66000;

inline uint16_t window_units(uint32_t bytes, uint32_t scale) {
  const uint32_t units = (bytes >> scale) + ((bytes & ((1u << scale) - 1)) != 0 ? 1 : 0);
  return static_cast<uint16_t>(units < 0xFFFF ? units : 0xFFFF);
}

inline void raise_window(Connection& c, uint32_t side, uint32_t bytes) {
  const uint16_t units = window_units(bytes, c.scale(side));
  if (units > c.window[side]) c.window[side] = units;
}

/// A side's SYN: its numbers begin here. max_end is what a SYN-ACK must cover at least: the SYN, not data
/// that came with it (RFC 7413).
inline void begin_side(Connection& c, uint32_t side, const Segment& s) {
  c.end[side] = s.end;
  c.max_end[side] = s.sequence + 1;
  c.set_scale(side, s.scale);
  c.window[side] = static_cast<uint16_t>(s.window != 0 ? s.window : 1);  // windows of SYNs are not scaled
}

/// Both SYNs are seen: scaling is in force only when both offered it (RFC 7323, section 2.2).
void settle_scales(Connection& c);

/// Nothing, or nothing recent, is known of the numbers: takes the segment's for both sides.
void take_bearings(Connection& c, uint32_t side, const Segment& s);

/// What the segment acknowledges. Without ACK, and in an RST of a stack that leaves zero there, nothing new.
inline uint32_t acknowledged(const Connection& c, uint32_t side, const Segment& s) {
  const bool none = !s.has(tcp_ack) || (s.has(tcp_rst) && s.acknowledgement == 0);
  return none ? c.end[side ^ 1u] : s.acknowledgement;
}

inline bool in_window(const Connection& c, uint32_t side, const Segment& s) {
  const uint32_t peer = side ^ 1u;
  const uint32_t ack = acknowledged(c, side, s);
  const uint32_t own_window = c.max_window(side);
  const uint32_t lag = own_window > least_lag ? own_window : least_lag;
  // Of a connection that was picked up, data may be on the way that we did not see.
  const uint32_t sent =
      c.flags & flag_picked_up && after(c.max_end[peer], c.end[peer]) ? c.max_end[peer] : c.end[peer];
  return !after(s.sequence, c.max_end[side]) && !after(c.end[side] - c.max_window(peer) - 1, s.end) &&
         !after(ack, sent) && !after(c.end[peer] - lag - 1, ack);
}

/// Notes what an accepted segment says.
inline void follow_window(Connection& c, uint32_t side, const Segment& s) {
  const uint32_t peer = side ^ 1u;
  const uint32_t ack = acknowledged(c, side, s);
  const uint32_t window = s.has(tcp_syn) ? s.window : s.window << c.scale(side);
  raise_window(c, side, window);
  if (after(s.end, c.end[side])) c.end[side] = s.end;
  if (after(s.end, c.max_end[side])) {
    // It went beyond what we saw offered, so more had been offered.
    raise_window(c, peer, c.max_window(peer) + (s.end - c.max_end[side]));
    c.max_end[side] = s.end;
  }
  if (after(ack, c.end[peer])) c.end[peer] = ack;
  const uint32_t limit = ack + (window != 0 ? window : 1);  // a closed window may be probed with one byte
  if (after(limit, c.max_end[peer])) c.max_end[peer] = limit;
}

}  // namespace hotclick::firewall
