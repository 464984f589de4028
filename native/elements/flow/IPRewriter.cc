#include "rewriter/eviction.hpp"
#include "rewriter/input_spec.hpp"
#include "rewriter/listing.hpp"
#include "rewriter/port_search.hpp"
#include "rewriter/rewriter_table.hpp"
#include "rewriter/timeouts.hpp"
using namespace hotclick;
using namespace hotclick::flow;

constexpr uint32_t max_inputs = 64;
constexpr uint32_t default_flows = 1u << 20;

/// What must outlive an upgrade beside the mappings.
struct Progress {
  uint64_t failures = 0;  // flows that found no port or no room
  uint32_t evict_at = 0;  // where the next search for a flow to give up begins
  uint32_t reserved = 0;
  uint16_t next[max_inputs] = {};  // '#': the place in the range to try next, per input
};
constexpr auto progress_v1 =
    schema<Progress>(1, HC_COUNT(Progress, failures), HC_FIELD(Progress, evict_at), HC_FIELD(Progress, next));

enum Drop : uint16_t { not_mapped, not_rewritable, no_free_port, table_full, hand_over_full };

struct IPRewriter : Element, RewriterTimeouts {
  MappingTable mappings{2 * default_flows};
  State<Progress> progress;
  bool set_destination = true;
  Duration reap_interval;
  uint32_t capacity_flows = 0;

  HC_COLD bool configure(Arguments& arguments);
  void push(uint32_t port, Batch& batch);
  void knows(uint32_t port, Batch& batch, uint8_t* known);
  HC_COLD uint32_t expired(uint32_t slot, FlowId& key, Mapping& mapping);

  uint64_t flows() const { return mappings.size() / 2; }
  uint64_t records() const { return mappings.size(); }
  uint64_t failures() const { return progress->failures; }
  uint64_t capacity() const { return mappings.table->capacity / 2; }
  void clear() {
    each_record(mappings, [this](uint32_t slot) { return erase_pair(mappings, slot), true; });
  }
  void list_patterns(Text out) {
    for (uint32_t i = 0; i < nspecs; ++i) specs[i].unparse(out);
  }
  void list_all(Text out) { list_mappings(mappings, out, 0); }
  void list_tcp(Text out) { list_mappings(mappings, out, protocol_tcp); }
  void list_udp(Text out) { list_mappings(mappings, out, protocol_udp); }

 private:
  static constexpr uint16_t handed_over = 0xFFFE;  // a port number that split() never sees

  uint8_t* rewritable(Packet& p, FlowId& id);
  __attribute__((noinline)) void look(Batch& batch, FlowId* ids, uint8_t** transports, uint32_t* slots);
  bool knows_one(const uint8_t* transport, const FlowId& id, uint32_t slot);
  /// No flow has this answer, in this version or in one that still runs beside it.
  bool is_free(const FlowId& answer) const {
    return mappings.find(answer) == no_slot && !mappings.elsewhere(answer);
  }
  HC_COLD uint16_t without_mapping(uint32_t port, Packet& p, const FlowId& id, uint8_t* transport);
  HC_COLD uint32_t find_again(const FlowId& id) const { return mappings.find(id); }
  HC_COLD bool choose_port(uint32_t port, const FlowId& id, FlowId& to) {
    const auto usable = [this](const FlowId& candidate) {
      return home_of_reply(candidate) == shard()->index && is_free(candidate.reversed());
    };
    return searches[port].choose(specs[port], shard(), net16(id.source_port), progress->next[port], to,
                                 usable);
  }
  uint16_t home_of_reply(const FlowId& to) const;
  uint16_t apply(Packet& p, uint8_t* transport, uint32_t slot);
  HC_COLD void learn(uint32_t slot, Mapping& m, uint8_t flags);

  TimeoutTable timeouts;
  bool erased = false;  // a record went during this batch, so slots found before may be stale
  uint32_t nspecs = 0;
  InputSpec specs[max_inputs];
  PortSearch searches[max_inputs];
};

bool IPRewriter::configure(Arguments& arguments) {
  if (ninputs() > max_inputs) return arguments.fail("too many inputs: at most %u", max_inputs);
  if (arguments.size() != ninputs())
    return arguments.fail("need %u arguments, one per input port", ninputs());
  nspecs = ninputs();
  for (uint32_t i = 0; i < nspecs; ++i) {
    const char* problem = "";
    if (specs[i].parse(arguments[i], noutputs(), arguments.host, problem)) continue;
    return arguments.fail_at(i, "input spec %u: %s", i, problem);
  }
  if (capacity_flows != 0) {
    const uint32_t shards = shard()->count != 0 ? shard()->count : 1;
    const uint32_t share = (capacity_flows + shards - 1) / shards;
    if (share > (1u << 30)) return arguments.fail("bad MAPPING_CAPACITY");
    mappings.capacity = 2 * share;
  }
  timeouts.set(*this);
  return true;
}

/// The transport header of a packet that can be rewritten (TCP or UDP over IPv4, not a later fragment), and
/// its flow. Null for any other packet.
inline uint8_t* IPRewriter::rewritable(Packet& p, FlowId& id) {
  const uint32_t length = p.network_length();
  if (length < sizeof(Ipv4Header)) return nullptr;
  uint8_t* network = p.network();
  const auto& ip = *reinterpret_cast<const Ipv4Header*>(network);
  const uint32_t header = ip.header_length();
  const uint32_t total = net16(ip.total_length);
  const uint32_t need = ip.protocol == protocol_tcp ? sizeof(TcpHeader) : sizeof(UdpHeader);
  if (ip.version() != 4 || header < sizeof(Ipv4Header) || total > length || header + need > total)
    return nullptr;
  if ((ip.protocol != protocol_tcp && ip.protocol != protocol_udp) || !ip.first_fragment()) return nullptr;
  uint8_t* transport = network + header;
  memcpy(&id.source, &ip.source, 8);
  memcpy(&id.source_port, transport, 4);
  id.protocol = ip.protocol;
  memset(id.zero, 0, sizeof(id.zero));
  return transport;
}

/// The flow of every packet of the batch, and the slot of its mapping.
void IPRewriter::look(Batch& batch, FlowId* ids, uint8_t** transports, uint32_t* slots) {
  const uint32_t n = batch.count;
  for (uint32_t i = 0; i < n; ++i) {
    if (i + 8 < n) prefetch(batch.packets[i + 8]);
    if (i + 4 < n) prefetch_write(batch.packets[i + 4]->data);
    transports[i] = rewritable(batch[i], ids[i]);
    if (HC_UNLIKELY(!transports[i])) ids[i] = {};
  }
  mappings.find_batch(ids, n, slots);
}

/// Asked while a newer version runs beside this one.
void IPRewriter::knows(uint32_t, Batch& batch, uint8_t* known) {
  FlowId ids[HC_BATCH_CAPACITY];
  uint8_t* transports[HC_BATCH_CAPACITY];
  uint32_t slots[HC_BATCH_CAPACITY];
  look(batch, ids, transports, slots);
  for (uint32_t i = 0; i < batch.count; ++i) known[i] = knows_one(transports[i], ids[i], slots[i]);
}

inline bool IPRewriter::knows_one(const uint8_t* transport, const FlowId& id, uint32_t slot) {
  // A packet before this one in the batch may have ended the flow.
  if (!transport || slot == no_slot || !is_live(mappings.record(slot))) return false;
  if (HC_UNLIKELY(!mappings.is_current(slot))) {  // a flow lives as long as either of its directions
    const uint32_t partner = partner_of(mappings, slot);
    if (partner == no_slot || !mappings.is_current(partner)) return false;
  }
  if (HC_LIKELY(!(mappings.value(slot).flags & mapping_done)) || id.protocol != protocol_tcp) return true;
  const uint8_t flags = reinterpret_cast<const TcpHeader*>(transport)->flags;
  if ((flags & (tcp_syn | tcp_ack)) != tcp_syn) return true;
  erase_pair(mappings,
             slot);  // a handshake over the remains of a finished connection (RFC 6191) is another one
  return false;
}

void IPRewriter::push(uint32_t port, Batch& batch) {
  FlowId ids[HC_BATCH_CAPACITY];
  uint8_t* transports[HC_BATCH_CAPACITY];
  uint32_t slots[HC_BATCH_CAPACITY];
  uint16_t ports[HC_BATCH_CAPACITY];
  const uint32_t n = batch.count;
  if (HC_UNLIKELY(n == 0)) return;
  look(batch, ids, transports, slots);
  erased = false;
  bool gone = false;
  for (uint32_t i = 0; i < n; ++i) {
    if (HC_UNLIKELY(!transports[i])) {
      ports[i] = specs[port].kind == SpecKind::pass ? specs[port].forward_output
                                                    : static_cast<uint16_t>(drop(Drop::not_rewritable));
      continue;
    }
    uint32_t slot = slots[i];
    if (HC_UNLIKELY(slot == no_slot || erased)) slot = find_again(ids[i]);
    if (HC_LIKELY(slot != no_slot)) {
      ports[i] = apply(batch[i], transports[i], slot);
    } else {
      ports[i] = without_mapping(port, batch[i], ids[i], transports[i]);
      gone |= ports[i] == handed_over;
    }
  }
  if (HC_UNLIKELY(gone)) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < n; ++i) {
      if (ports[i] == handed_over) continue;
      batch.packets[kept] = batch.packets[i];
      ports[kept++] = ports[i];
    }
    batch.count = kept;
  }
  split(batch, ports);
}

/// Rewrites by the record in `slot` and keeps it alive. Writes the record only when its time of expiry or its
/// flags change: once in a tick of 100 ms.
inline uint16_t IPRewriter::apply(Packet& p, uint8_t* transport, uint32_t slot) {
  auto& ip = *reinterpret_cast<Ipv4Header*>(p.network());
  Mapping& m = mappings.value(slot);
  uint8_t flags = m.flags;
  if (ip.protocol == protocol_tcp) {
    const auto& tcp = *reinterpret_cast<const TcpHeader*>(transport);
    if (HC_UNLIKELY(tcp.flags & (tcp_fin | tcp_rst))) flags |= mapping_done;
    // A new handshake over the remains of a finished connection (RFC 6191) is a connection in use again.
    if (HC_UNLIKELY(tcp.flags & tcp_syn)) flags &= static_cast<uint8_t>(~mapping_done);
    const uint32_t headers = ip.header_length() + tcp.header_length();
    if (net16(ip.total_length) > headers) flags |= mapping_data;
  } else {
    flags |= mapping_data;
  }
  if (HC_UNLIKELY(flags != m.flags || (m.packets < 3 && ip.protocol == protocol_udp))) learn(slot, m, flags);
  const uint32_t expires = shard()->ticks + timeouts.of(ip.protocol, m.flags);
  if (mappings.record(slot).expires != expires) {
    mappings.record(slot).expires = expires;
    mappings.mark_dirty(slot);
  }
  rewrite(ip, transport, m);
  if (set_destination) p.destination = m.destination;
  return m.output;
}

/// Tells both directions what one has seen, so that each can work out its timeout alone.
void IPRewriter::learn(uint32_t slot, Mapping& m, uint8_t flags) {
  if (m.packets < 3 && ++m.packets == 3) flags |= mapping_long;
  m.flags = flags;
  mappings.mark_dirty(slot);
  const uint32_t partner = partner_of(mappings, slot);
  if (partner == no_slot) return;
  Mapping& other = mappings.value(partner);
  other.packets = m.packets;
  other.flags = static_cast<uint8_t>((other.flags & (mapping_data | mapping_reply)) |
                                     (flags & (mapping_done | mapping_long)) |
                                     (flags & mapping_data ? mapping_peer_data : 0));
  // Nothing may come from there any more, and the flow lives as long as either direction does.
  if (flags & mapping_done)
    mappings.record(partner).expires = shard()->ticks + timeouts.of(mappings.key(slot).protocol, other.flags);
  mappings.mark_dirty(partner);
}

/// A record's time is up. The flow lives as long as either direction does; then both records go.
uint32_t IPRewriter::expired(uint32_t slot, FlowId&, Mapping&) {
  const uint32_t partner = partner_of(mappings, slot);
  if (partner == no_slot || partner == slot) return 0;
  const uint32_t left = ticks_left(mappings.record(partner), shard()->ticks);
  if (left == 0) mappings.erase(partner);
  return left;
}

/// The packet begins a flow: what its input's specification says.
uint16_t IPRewriter::without_mapping(uint32_t port, Packet& p, const FlowId& id, uint8_t* transport) {
  const InputSpec& spec = specs[port];
  if (spec.kind == SpecKind::drop) return static_cast<uint16_t>(drop(Drop::not_mapped));
  if (spec.kind == SpecKind::pass) return spec.forward_output;

  FlowId to = id;
  if (spec.kind == SpecKind::pattern) {
    if (spec.source != 0) to.source = spec.source;
    if (spec.destination != 0) to.destination = spec.destination;
    if (spec.source_port != 0) to.source_port = net16(spec.source_port);
    if (spec.destination_port != 0) to.destination_port = net16(spec.destination_port);
    if (!spec.chooses_port()) {
      // The replies will arrive at the shard that their addresses and ports lead to, so the flow lives there.
      const uint16_t home = home_of_reply(to);
      if (HC_UNLIKELY(home != shard()->index)) {
        if (self->host->hand_over(self, home, port, &p)) return handed_over;
        return static_cast<uint16_t>(drop(Drop::hand_over_full));
      }
    }
  }
  const bool free = spec.chooses_port() ? choose_port(port, id, to) : is_free(to.reversed());
  const FlowId answer = to.reversed();
  if (!free || memcmp(&answer, &id, sizeof(id)) == 0) {
    ++progress->failures;
    return static_cast<uint16_t>(drop(Drop::no_free_port));
  }
  const auto insert = [&] {
    return insert_pair(mappings, id, to, static_cast<uint8_t>(port), spec.forward_output, spec.reply_output);
  };
  uint32_t slot = insert();
  if (HC_UNLIKELY(slot == no_slot) && give_up_one(mappings, timeouts, progress->evict_at)) {
    erased = true;
    slot = insert();
  }
  if (HC_UNLIKELY(slot == no_slot)) {
    ++progress->failures;
    return static_cast<uint16_t>(drop(Drop::table_full));
  }
  mappings.touch(mappings.record(slot).link, timeouts.of(id.protocol, 0));
  return apply(p, transport, slot);
}

inline uint16_t IPRewriter::home_of_reply(const FlowId& to) const {
  if (shard()->count <= 1) return static_cast<uint16_t>(shard()->index);
  return static_cast<uint16_t>(self->host->shard_of(to.destination, to.source, to.destination_port,
                                                    to.source_port, to.protocol, shard()->count));
}

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
