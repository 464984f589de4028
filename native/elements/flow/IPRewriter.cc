#include "rewriter/rewriter.hpp"
using namespace hotclick;
using namespace hotclick::flow;

constexpr auto info =
    element<IPRewriter>("IPRewriter", "1.1.0")
        .help(R"(Rewrites addresses and ports of TCP and UDP flows: network address and port translation.

Every input has a specification, one argument each, which says what happens to a packet of a flow that is not known
yet. Packets of known flows, in either direction and on any input, are rewritten as their mapping says and leave by
the mapping's output. IP, TCP and UDP checksums are updated incrementally (RFC 1624).

* `drop` drops the packet.
* `pass OUTPUT` sends it to OUTPUT unchanged; no mapping is made. Also takes packets that cannot be rewritten.
* `keep FOUTPUT ROUTPUT` makes a mapping that changes nothing; packets of the flow leave by FOUTPUT, replies by
  ROUTPUT.
* `pattern SADDR SPORT DADDR DPORT FOUTPUT ROUTPUT` makes a mapping with these values; `-` leaves a field as it is.
  SPORT may be a range `L-H`: a port is chosen with which replies are unambiguous, the packet's own if it can be had,
  otherwise a random one; `L-H#` chooses in order, `L-H?` always at random.

Source NAT for the network behind input 0, answers come in by input 1:

    rw :: IPRewriter(pattern 192.0.2.1 1024-65535 - - 0 1, drop);
    from_inside -> CheckIPHeader(14) -> [0]rw[0] -> to_outside;
    from_outside -> CheckIPHeader(14) -> [1]rw[1] -> to_inside;

Packets must have their network header set (CheckIPHeader, MarkIPHeader). Other protocols, later fragments and
malformed packets are dropped except on a `pass` input. Errors of ICMP are not rewritten here.

What differs from Click: named patterns, mapper elements, address ranges and replies through another rewriter are
refused. A flow is not moved onto the ports of a living one. With several shards a port is chosen whose replies come
back to the shard that knows the flow; where the specification leaves no choice, packets are handed over to that
shard. MAPPING_CAPACITY counts flows and is shared out over the shards; a full table gives up a flow near its end
among a sample, not the nearest of all. A search for a port ends after 1024 tries. REAP_INTERVAL has no effect:
expired mappings are swept all the time. There is no tcp_lookup handler.)")
        .ports("1-/1-")
        .processing("h/h")
        .flow("x/x")
        .argument<&IPRewriter::tcp>("TCP_TIMEOUT", "idle time of a TCP flow with data in both directions")
        .argument<&IPRewriter::tcp_done>("TCP_DONE_TIMEOUT", "idle time of a TCP flow after FIN or RST")
        .argument<&IPRewriter::tcp_no_data>("TCP_NODATA_TIMEOUT",
                                            "idle time of a TCP flow without data in one of its directions")
        .argument<&IPRewriter::tcp_guarantee>("TCP_GUARANTEE",
                                              "a TCP flow is not given up before it is idle so long")
        .argument<&IPRewriter::udp>("UDP_TIMEOUT", "idle time of a UDP flow")
        .argument<&IPRewriter::udp_streaming>(
            "UDP_STREAMING_TIMEOUT",
            "idle time of a UDP flow of three packets or more in both directions; "
            "UDP_TIMEOUT when it is not given")
        .argument<&IPRewriter::udp_guarantee>("UDP_GUARANTEE",
                                              "a UDP flow is not given up before it is idle so long")
        .argument<&IPRewriter::reap_interval>("REAP_INTERVAL", "accepted for Click's sake")
        .argument<&IPRewriter::capacity_flows>("MAPPING_CAPACITY",
                                               "flows in all shards together; 0 = 1048576 each")
        .argument<&IPRewriter::set_destination>("DST_ANNO",
                                                "set the destination annotation to the new address")
        .rest("INPUTSPEC", "one specification for each input")
        .table<&IPRewriter::mappings>("mappings", flow_id_v1, mapping_v2, "two records for each flow")
        .on_expire<&IPRewriter::expired>()
        .state<&IPRewriter::progress>("progress", progress_v1, "failures, and where the next searches begin")
        .read<&IPRewriter::list_all>("table", merge::concat,
                                     "all mappings, one a line; both directions are listed")
        .read<&IPRewriter::list_all>("mappings", merge::concat, "the same")
        .read<&IPRewriter::list_tcp>("tcp_table", merge::concat, "mappings of TCP flows")
        .read<&IPRewriter::list_udp>("udp_table", merge::concat, "mappings of UDP flows")
        .read<&IPRewriter::flows>("size", merge::sum, "flows")
        .read<&IPRewriter::flows>("nmappings", merge::sum, "the same")
        .read<&IPRewriter::records>("table_size", merge::sum, "mappings: two for each flow")
        .read<&IPRewriter::failures>("mapping_failures", merge::sum, "flows that found no port or no room")
        .read<&IPRewriter::capacity>("capacity", merge::sum, "flows there is room for")
        .read<&IPRewriter::list_patterns>("patterns", merge::same, "the specifications, one a line")
        .write<&IPRewriter::clear>("clear", "forgets all flows")
        .write<&IPRewriter::clear>("flush", "the same")
        .drop("not mapped", "no mapping, and the input says drop")
        .drop("not rewritable", "not TCP or UDP, a later fragment, or malformed")
        .drop("no free port", "every port of the range that was tried is in use for that destination")
        .drop("table full", "no room for another flow, and none may be given up")
        .drop("hand-over full", "the ring to the flow's shard was full");
HOTCLICK_EXPORT(info)
