/// What Firewall remembers of a connection.
#pragma once
#include "../records.hpp"

namespace hotclick::firewall {

using flow::each_record;
using flow::ticks_left;

/// The two sides of the firewall, which are also its port numbers: a packet that comes in by `inside` was
/// sent by the inside host and leaves by output 0.
enum Side : uint8_t { inside = 0, outside = 1 };

/// A connection's two ends. The inside end comes first whoever began, so both directions find one record.
/// ICMP queries carry their identifier as the inside port and what kind of query by whom as the outside port.
struct FlowKey {
  uint32_t inside, outside;            // network order
  uint16_t inside_port, outside_port;  // network order
  uint8_t protocol;
  uint8_t zero[3];

  static FlowKey of(uint32_t sender_side, uint32_t source, uint32_t destination, uint16_t source_port,
                    uint16_t destination_port, uint8_t protocol) {
    if (sender_side == Side::inside)
      return {source, destination, source_port, destination_port, protocol, {}};
    return {destination, source, destination_port, source_port, protocol, {}};
  }
};
static_assert(sizeof(FlowKey) == 16);
constexpr auto flow_key_v1 =
    schema<FlowKey>(1, detail::make_field<Ipv4Address>("inside", offsetof(FlowKey, inside)),
                    detail::make_field<Ipv4Address>("outside", offsetof(FlowKey, outside)),
                    HC_FIELD_AS(FlowKey, inside_port, Port), HC_FIELD_AS(FlowKey, outside_port, Port),
                    HC_FIELD(FlowKey, protocol), HC_FIELD(FlowKey, zero));

/// Where a connection stands. The TCP states are those of an observer between the ends (RFC 9293,
/// section 3.3.2): `fin_wait` one end has closed, `close_wait` its FIN is acknowledged, `last_ack` both have
/// closed.
enum class ConnectionState : uint8_t {
  fresh,
  syn_sent,
  syn_both,  // simultaneous open (RFC 9293, figure 8)
  syn_received,
  established,
  fin_wait,
  close_wait,
  last_ack,
  time_wait,
  closed,  // by RST
  udp_single,
  udp_stream,
  icmp,
  other
};
inline constexpr uint32_t state_count = 14;
inline constexpr const char* state_names[state_count] = {
    "fresh",    "syn-sent",  "syn-both", "syn-received", "established", "fin-wait", "close-wait",
    "last-ack", "time-wait", "closed",   "single",       "stream",      "query",    "other"};

// Connection::flags
inline constexpr uint8_t flag_from_outside = 1;          // the outside host began
inline constexpr uint8_t flag_outside_closed_first = 2;  // the first FIN came from outside
inline constexpr uint8_t flag_picked_up =
    4;  // its beginning was not seen: acknowledgements may run ahead of data
inline constexpr uint8_t flag_challenged = 8;       // the responder answered a SYN with a bare ACK
inline constexpr uint8_t flag_doubtful_reset = 16;  // an RST passed that the receiver may refuse

/// The shared part of every version's record. Sequence numbers in host order, indexed by the sender's side.
struct Connection {
  uint32_t end[2];      // highest sequence number sent, plus one
  uint32_t max_end[2];  // highest sequence number the other side allows
  uint32_t packets[2];
  uint16_t window[2];  // largest window offered, in units of 1 << scale
  ConnectionState state;
  uint8_t flags;
  uint8_t scales;  // inside's window scale, outside's in the high half; 15 = the option was not sent
  uint8_t reserved;

  uint32_t initiator() const { return flags & flag_from_outside ? outside : inside; }
  uint32_t scale(uint32_t side) const { return scales >> (side * 4) & 15u; }
  void set_scale(uint32_t side, uint32_t scale) {
    scales = static_cast<uint8_t>((scales & ~(15u << (side * 4))) | scale << (side * 4));
  }
  uint32_t max_window(uint32_t side) const { return static_cast<uint32_t>(window[side]) << scale(side); }
};
static_assert(sizeof(Connection) == 32, "a record with its header and key fills one cache line");

/// The schema of a record R whose member `core` is a Connection; `more` are the fields R has besides.
template <class R, class... More>
constexpr Schema<R> connection_schema(uint32_t version, More... more) {
  constexpr size_t at = offsetof(R, core);
  return schema<R>(version, detail::make_field<uint32_t>("inside_end", at + offsetof(Connection, end)),
                   detail::make_field<uint32_t>("outside_end", at + offsetof(Connection, end) + 4),
                   detail::make_field<uint32_t>("inside_max_end", at + offsetof(Connection, max_end)),
                   detail::make_field<uint32_t>("outside_max_end", at + offsetof(Connection, max_end) + 4),
                   detail::make_field<uint32_t>("inside_packets", at + offsetof(Connection, packets)),
                   detail::make_field<uint32_t>("outside_packets", at + offsetof(Connection, packets) + 4),
                   detail::make_field<uint16_t>("inside_window", at + offsetof(Connection, window)),
                   detail::make_field<uint16_t>("outside_window", at + offsetof(Connection, window) + 2),
                   detail::make_field<uint8_t>("state", at + offsetof(Connection, state)),
                   detail::make_field<uint8_t>("flags", at + offsetof(Connection, flags)),
                   detail::make_field<uint8_t>("scales", at + offsetof(Connection, scales)), more...);
}

}  // namespace hotclick::firewall
