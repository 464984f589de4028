/// What is rare in a TCP connection: its beginning, and records that know too little.
#include "tcp_tracker.hpp"

#include "timeouts.hpp"

namespace hotclick::firewall {

void settle_scales(Connection& c) {
  const bool both = c.scale(0) != no_scale && c.scale(1) != no_scale;
  for (uint32_t side = 0; side < 2; ++side) {
    if (!both) c.set_scale(side, 0);
    c.window[side] = window_units(c.window[side], c.scale(side));
  }
}

void take_bearings(Connection& c, uint32_t side, const Segment& s) {
  const uint32_t peer = side ^ 1u;
  raise_window(c, side, s.window << c.scale(side));
  if (c.window[side] == 0) c.window[side] = 1;
  if (c.window[peer] == 0) c.window[peer] = 1;
  c.end[side] = s.end;
  c.max_end[side] = s.end + c.max_window(peer);
  if (s.has(tcp_ack)) {
    c.end[peer] = s.acknowledgement;
    c.max_end[peer] = s.acknowledgement + c.max_window(side);
  }
  c.flags |= flag_picked_up;
}

void TimeoutTable::set(const FirewallTimeouts& t) {
  const Duration all[state_count] = {t.syn_sent, t.syn_sent,   t.syn_received, t.syn_received, t.established,
                                     t.fin_wait, t.close_wait, t.last_ack,     t.time_wait,    t.closed,
                                     t.udp,      t.udp_stream, t.icmp,         t.other};
  for (uint32_t i = 0; i < state_count; ++i) ticks_[i] = all[i].ticks() != 0 ? all[i].ticks() : 1;
}

void begin_tcp(Connection& c, uint32_t side, const Segment& s) {
  if (s.has(tcp_syn)) {
    c.state = ConnectionState::syn_sent;
    begin_side(c, side, s);
    c.set_scale(side ^ 1u, no_scale);
    return;
  }
  c.state = ConnectionState::established;
  c.set_scale(0, 14);
  c.set_scale(1, 14);
  take_bearings(c, side, s);
}

namespace {

Verdict syn(Connection& c, uint32_t side, const Segment& s) {
  switch (c.state) {
    case ConnectionState::syn_sent:
      begin_side(c, side, s);  // sent again, perhaps with a new number, or a simultaneous open
      if (side != c.initiator()) {
        settle_scales(c);
        c.state = ConnectionState::syn_both;
      }
      return Verdict::pass;
    case ConnectionState::time_wait:
    case ConnectionState::closed:
      return Verdict::restart;  // RFC 9293, section 3.6.1; RFC 6191
    default:
      // RFC 5961, section 4: whatever its number, the receiver answers with a challenge ACK. If it lost the
      // connection, the answer to that is an RST that fits.
      return Verdict::pass_unchanged;
  }
}

Verdict syn_ack(Connection& c, uint32_t side, const Segment& s) {
  const uint32_t peer = side ^ 1u;
  if (c.state == ConnectionState::syn_sent) {
    if (side == c.initiator()) return Verdict::bad_state;
    if (!answers_syn(c, peer, s.acknowledgement)) return Verdict::out_of_window;
    begin_side(c, side, s);
    settle_scales(c);
    c.state = ConnectionState::syn_received;
    c.max_end[peer] = s.acknowledgement + (s.window != 0 ? s.window : 1);
    c.max_end[side] = s.end + c.max_window(peer);
    return Verdict::pass;
  }
  if (c.state == ConnectionState::syn_both) {
    if (!answers_syn(c, peer, s.acknowledgement)) return Verdict::out_of_window;
    follow_window(c, side, s);
    c.state = ConnectionState::established;
    return Verdict::pass;
  }
  if (side == c.initiator() || c.state == ConnectionState::closed) return Verdict::bad_state;
  return in_window(c, side, s) ? Verdict::pass_unchanged : Verdict::out_of_window;  // sent again
}

Verdict before_answer(Connection& c, uint32_t side, const Segment& s) {
  const bool from_initiator = side == c.initiator();
  if (s.has(tcp_rst)) {
    if (from_initiator) {
      if (s.sequence != c.end[side])
        return c.flags & flag_challenged ? Verdict::pass_unchanged : Verdict::out_of_window;
    } else if (!s.has(tcp_ack) || !answers_syn(c, side ^ 1u, s.acknowledgement)) {
      return Verdict::out_of_window;  // RFC 9293, section 3.10.7.3
    }
    c.state = ConnectionState::closed;
    return Verdict::pass;
  }
  if (from_initiator || s.has(tcp_fin)) return Verdict::bad_state;
  // The responder has an older connection open and says so (RFC 9293, figure 9). The initiator will reset
  // that one with the number it was told, which we know nothing about.
  c.flags |= flag_challenged;
  return Verdict::pass_unchanged;
}

/// Moves on by an accepted segment without SYN and RST.
void advance(Connection& c, uint32_t side, const Segment& s) {
  const bool from_first_closer = (side == outside) == ((c.flags & flag_outside_closed_first) != 0);
  const bool acknowledges_all = s.has(tcp_ack) && s.acknowledgement == c.end[side ^ 1u];
  switch (c.state) {
    case ConnectionState::syn_received:
      if (side == c.initiator()) c.state = ConnectionState::established;
      break;
    case ConnectionState::syn_both:
      c.state = ConnectionState::established;
      break;
    case ConnectionState::fin_wait:
      if (from_first_closer) return;
      c.state = s.has(tcp_fin)     ? ConnectionState::last_ack
                : acknowledges_all ? ConnectionState::close_wait
                                   : ConnectionState::fin_wait;
      return;
    case ConnectionState::close_wait:
      if (!from_first_closer && s.has(tcp_fin)) c.state = ConnectionState::last_ack;
      return;
    case ConnectionState::last_ack:
      if (from_first_closer && acknowledges_all) c.state = ConnectionState::time_wait;
      return;
    default:
      break;
  }
  if (s.has(tcp_fin) &&
      (c.state == ConnectionState::established || c.state == ConnectionState::syn_received)) {
    c.state = ConnectionState::fin_wait;
    if (side == outside) c.flags |= flag_outside_closed_first;
  }
}

}  // namespace

Verdict track_tcp(Connection& c, uint32_t side, const Segment& s, bool check_windows) {
  if (HC_UNLIKELY(s.has(tcp_syn))) {
    return s.has(tcp_ack) ? syn_ack(c, side, s) : syn(c, side, s);
  }
  if (HC_UNLIKELY(c.state == ConnectionState::syn_sent)) return before_answer(c, side, s);
  const bool fits = in_window(c, side, s);
  if (HC_UNLIKELY(!fits && check_windows)) return Verdict::out_of_window;
  if (HC_UNLIKELY(s.has(tcp_rst))) {
    // RFC 5961, section 3: only an RST with the very next number ends the connection; any other in the window
    // is answered with a challenge ACK, so the record lives on, but not for days.
    if (s.sequence == c.end[side])
      c.state = ConnectionState::closed;
    else
      c.flags |= flag_doubtful_reset;
    return Verdict::pass;
  }
  c.flags &= static_cast<uint8_t>(~flag_doubtful_reset);
  follow_window(c, side, s);
  advance(c, side, s);
  return Verdict::pass;
}

}  // namespace hotclick::firewall
