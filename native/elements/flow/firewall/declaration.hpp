/// What every version of Firewall declares.
#pragma once
#include "engine.hpp"

namespace hotclick::firewall {

inline constexpr const char* firewall_help =
    R"(Passes IPv4 connections that its rules allow, and nothing else.

            +----------------------+
    inside  | [0]  Firewall   [0]  |  outside
    ------> | input         output | ------>
            |                      |
    <------ | output         input | <------
            | [1]             [1]  |
            +----------------------+

A packet from inside comes in by input 0 and leaves by output 0; one from outside takes input 1 and output 1. Rules
say which packets may begin a connection; they are those of IPFilter:

* `allow EXPRESSION` and `deny EXPRESSION` are for connections from inside to outside,
* `in allow EXPRESSION` and `in deny EXPRESSION` for those from outside to inside.

The first rule that matches decides; what no rule matches is denied. All further packets of a connection, in both
directions, pass because it is known.

    fw :: Firewall(allow tcp dst port 80, allow udp dst port 53, allow icmp type echo, in allow tcp dst port 22);
    from_client -> MarkIPHeader(14) -> [0]fw[0] -> to_server;
    from_server -> MarkIPHeader(14) -> [1]fw[1] -> to_client;

Packets must have their network header set (CheckIPHeader, MarkIPHeader); where the frame begins does not matter, so
the element sits in a bridge as well as in a router.

TCP: the handshake, sequence numbers and windows, and the end are followed (RFC 9293, RFC 7323). A first packet must be
a SYN unless LOOSE is set. An RST ends the connection only with the exact sequence number, and a SYN within a
connection passes but changes nothing, so that challenge ACKs do their work (RFC 5961). Checksums of TCP and UDP are not
verified. UDP and ICMP queries: an answer makes the connection known in both directions. ICMP errors pass when they quote
a packet of a connection (RFC 5508). Any other IP protocol is a connection between two addresses.

Fragments: the first one is judged by its ports, the others of the datagram pass when the first has passed before them
(a lone one is dropped; nothing is reassembled). Packets that are not IPv4 are dropped unless PASS_OTHER is set.

New rules hold for new connections; write `flush` to end those that the old ones allowed. After a start from a store
the sequence numbers of each connection are taken anew from its first packet.)";

/// The declaration of a Firewall class F whose connections have the schema `record`.
template <class F, class R>
constexpr Declaration<F> declare_firewall(const char* version, const Schema<R>& record) {
  return element<F>("Firewall", version)
      .help(firewall_help)
      .ports("2/2")
      .processing("h/h")
      .flow("xy/xy")
      .rest("RULES", "rules: [in] allow EXPRESSION, [in] deny EXPRESSION")
      .template argument<&F::loose>("LOOSE",
                                    "take up TCP connections whose beginning was not seen, if a rule allows")
      .template argument<&F::check_windows>("WINDOWS", "false lets TCP segments outside the window pass")
      .template argument<&F::pass_other>("PASS_OTHER", "let packets pass that are not IPv4")
      .template argument<&F::capacity>("CAPACITY", "connections in all shards together; 0 = 1048576 each")
      .template argument<&F::syn_sent>("SYN_SENT_TIMEOUT", "TCP: a SYN without an answer")
      .template argument<&F::syn_received>("SYN_RECEIVED_TIMEOUT",
                                           "TCP: a handshake without its last segment")
      .template argument<&F::established>("TCP_TIMEOUT", "TCP: an open connection without a packet")
      .template argument<&F::fin_wait>("FIN_WAIT_TIMEOUT", "TCP: closed by one end")
      .template argument<&F::close_wait>("CLOSE_WAIT_TIMEOUT", "TCP: closed by one end, and acknowledged")
      .template argument<&F::last_ack>("LAST_ACK_TIMEOUT", "TCP: closed by both ends")
      .template argument<&F::time_wait>("TIME_WAIT_TIMEOUT", "TCP: after the last acknowledgement")
      .template argument<&F::closed>("CLOSED_TIMEOUT", "TCP: after a reset")
      .template argument<&F::udp>("UDP_TIMEOUT", "UDP: without an answer")
      .template argument<&F::udp_stream>("UDP_STREAM_TIMEOUT", "UDP: with answers")
      .template argument<&F::icmp>("ICMP_TIMEOUT", "ICMP queries")
      .template argument<&F::other>("OTHER_TIMEOUT", "any other IP protocol")
      .template table<&F::connections>("connections", flow_key_v1, record, "one record for each connection")
      .template table<&F::fragments>("fragments", fragment_key_v1, fragment_route_v1,
                                     "datagrams whose first fragment was seen")
      .template state<&F::totals>("totals", totals_v1, "counts since the start")
      .template read<&F::count>("connections", merge::sum, "connections known now")
      .template read<&F::list_connections>("table", merge::concat,
                                           "connections, one a line, at most 10000 a shard")
      .template read<&F::allowed>("allowed", merge::sum, "packets passed")
      .template read<&F::denied>("denied", merge::sum, "packets dropped, for whatever reason")
      .template read<&F::opened>("opened", merge::sum, "connections begun since the start")
      .template read<&F::related>("related", merge::sum, "ICMP errors passed")
      .template read<&F::list_rules>("rules", merge::same, "the rules, one a line")
      .template write<&F::flush>("flush", "forgets all connections")
      .drop("no rule", "it would begin a connection that no rule allows")
      .drop("malformed", "a header or a length is wrong, or a fragment overlaps a TCP header")
      .drop("invalid flags", "a combination of TCP flags that nobody sends")
      .drop("no connection", "it belongs to no connection and cannot begin one")
      .drop("out of window", "a TCP sequence or acknowledgement number that the receiver would not take")
      .drop("bad state", "TCP: not what this end may send now")
      .drop("table full", "no room for another connection")
      .drop("lone fragment", "a later fragment whose first one has not passed")
      .drop("unrelated",
            "an ICMP error about no connection, or an ICMP message that is neither query nor error")
      .drop("not IPv4", "no IPv4 header, and PASS_OTHER is not set")
      .drop("hand-over full", "the ring to the connection's shard was full");
}

}  // namespace hotclick::firewall
