#include <hotclick/arp.hpp>
#include <hotclick/ipv4.hpp>
#include <hotclick/neighbour_element.hpp>
using namespace hotclick;

// Replies that came to another shard are handed on by a port of their own.
constexpr uint32_t ip_port = 0, reply_port = 1, shared_reply_port = 2;

struct ARPQuerier : NeighbourElement {
  enum : uint32_t { not_a_reply = own_reasons, unsolicited };
  String ip_text = {}, ether_text = {};
  Duration poll_timeout{60 * NeighbourTable::second};
  Ipv4Address broadcast, own_ip;
  bool broadcast_poll = false;

  HC_COLD bool configure(Arguments& arguments) {
    apply_limits();
    return parse_addresses(arguments.raw->error);
  }
  /// "IP[/MASK] ETHER", or one name of an interface for both.
  HC_COLD bool parse_addresses(char* error) {
    Ipv4Prefix prefix;
    uint32_t other_ip = 0;
    if (parse_word(self->host, ip_text, prefix, error)) {
      own_ip.value = prefix.address;
      if (broadcast.value == 0 && prefix_bits(prefix.mask) < 31)
        broadcast.value = prefix.address | ~prefix.mask;
    } else if (!parse_ether(self->host, ip_text, own_mac, own_ip.value, error)) {
      self->host->fail(error, "IP: expected an IPv4 address, a prefix or the name of an interface");
      return false;
    } else if (ether_text.length == 0) {
      return true;
    }
    return parse_ether(self->host, ether_text, own_mac, other_ip, error);
  }

  void push(uint32_t port, Batch& batch) {
    if (port == ip_port) return encapsulate(batch);
    learn(batch, port == reply_port);
  }

 private:
  enum class Way { send, hold, drop };

  // ---- IP packets

  void encapsulate(Batch& batch) {
    ScratchBatches scratch(shard(), 1);
    if (HC_UNLIKELY(!scratch.ok())) return lose(no_headroom, batch);
    Batch& asking = scratch[0];
    const uint32_t n = batch.count;
    uint32_t ready = 0, last = 0, slot = no_slot;
    EthernetHeader header;
    Way way = Way::drop;  // for a destination of 0
    for (uint32_t i = 0; i < n; ++i) {
      if (i + 8 < n) prefetch_write(batch.packets[i + 8]->data - sizeof(EthernetHeader));
      Packet& p = batch[i];
      if (HC_UNLIKELY(p.destination != last)) {
        last = p.destination;
        way = resolve(p, slot, header, asking);
      }
      if (HC_LIKELY(way == Way::send && prepend(p, header)))
        batch.packets[ready++] = &p;
      else if (way == Way::hold)
        hold(p, slot);
      else if (way == Way::send)
        lose(no_headroom, p);
      else
        lose(p.destination == 0 ? no_destination : table_full, p);
    }
    batch.count = ready;
    output(0, batch);
    output(noutputs() - 1, asking);
  }
  /// What to do with packets for p.destination: the header, or the entry they wait for; adds a query if it is
  /// due.
  Way resolve(const Packet& p, uint32_t& slot, EthernetHeader& header, Batch& asking) {
    const uint32_t to = p.destination;
    static constexpr uint8_t everyone[6] = {255, 255, 255, 255, 255, 255};
    if (to == 0) return Way::drop;
    if (to == 0xFFFFFFFFu || to == broadcast.value) {
      make_header(header, everyone);
      return Way::send;
    }
    if (is_multicast(to)) {  // RFC 1112 6.4
      const uint32_t low = net32(to);
      const uint64_t mac =
          __builtin_bswap64(0x01005E000000ull << 16 | static_cast<uint64_t>(low & 0x7FFFFF) << 16);
      make_header(header, reinterpret_cast<const uint8_t*>(&mac));
      return Way::send;
    }
    const uint64_t at = wall();
    slot = entries.find(NeighbourKey{{to}});
    if (HC_LIKELY(slot != no_slot)) {
      const Neighbour& e = entries.value(slot);
      if (HC_LIKELY(entries.is_fresh(e, at))) {
        make_header(header, e.mac.bytes);
        if (HC_UNLIKELY(poll_timeout.ns != 0 && at - e.answered.ns >= poll_timeout.ns)) ask(slot, p, asking);
        return Way::send;
      }
    } else {
      slot = entries.find_or_insert(to);
      if (slot == no_slot) return Way::drop;
    }
    ask(slot, p, asking);
    return Way::hold;
  }

  /// Adds a query about an entry's address, unless one went out just now.
  HC_COLD void ask(uint32_t slot, const Packet& about, Batch& asking) {
    Neighbour& e = entries.value(slot);
    const uint64_t at = wall();
    if (!NeighbourTable::may_ask(e, at) || asking.full()) return;
    Packet* p = allocate_packet(shard());
    if (!p) return;  // the next packet asks again
    static constexpr EtherAddress everyone{{255, 255, 255, 255, 255, 255}};
    const bool unicast = entries.is_fresh(e, at) && !broadcast_poll;
    write_arp(*p, arp_request, unicast ? e.mac : everyone, ArpParty{own_mac, own_ip.value},
              ArpParty{{}, entries.key(slot).address.value});
    p->vlan_tci = about.vlan_tci;
    p->flags |= about.flags & HC_PACKET_VLAN;
    asking.add(*p);
    entries.note_query(slot, at);
    ++counts->queries;
  }
  // ---- replies

  void learn(Batch& batch, bool share) {
    for (Packet& p : batch) {
      const ArpFrame* f = arp_frame(p, arp_reply);
      const uint32_t from = f ? f->arp.sender_ip : 0;
      if (!f || from == 0 || from == own_ip.value || is_multicast_or_reserved(from)) {
        drop_now(not_a_reply, p);
        continue;
      }
      // RFC 826: an answer to us makes an entry, any other only brings one up to date.
      uint32_t slot = entries.find(NeighbourKey{{from}});
      if (slot == no_slot && f->arp.target_ip == own_ip.value) slot = entries.find_or_insert(from);
      if (slot != no_slot) {
        ++counts->responses;
        entries.note_answer(slot, f->arp.sender_mac, wall());
        send_waiting(slot);
      }
      if (share && shard()->count > 1) tell_other_shards(p);
      if (slot == no_slot)
        drop_now(unsolicited, p);
      else
        release(p);
    }
    batch.count = 0;
  }
  /// A reply reaches one shard; packets may wait for it in all.
  HC_COLD void tell_other_shards(const Packet& p) {
    for (uint32_t i = 0; i < shard()->count; ++i) {
      if (i == shard()->index) continue;
      Packet* copy = clone_packet(shard(), p);
      if (copy && !self->host->hand_over(self, i, shared_reply_port, copy)) release(*copy);
    }
  }
};

constexpr auto info =
    element<ARPQuerier>("ARPQuerier", "1.0.0")
        .help(R"(Puts Ethernet headers before IP packets, with addresses found by ARP.

Input 0 takes IP packets with their destination annotation set (to the next hop), input 1 ARP replies with their
Ethernet header. A packet whose next hop is known leaves by output 0. For another one a query is sent, by output 1
if there is one, and the packet waits: at most ENTRY_PACKET_CAPACITY for one address and CAPACITY in all; beyond
that the newest for the address, or the oldest of all, is dropped. Packets that wait for five to ten seconds (or
for TIMEOUT, if that is less) are dropped too. At most ten queries a second go out for an address, and after ten
without an answer one in two seconds. Packets for the limited broadcast or BROADCAST go to FF-FF-FF-FF-FF-FF, for
multicast addresses as RFC 1112 6.4 says, and for 0.0.0.0 nowhere.

    c :: Classifier(12/0806 20/0002, 12/0800);
    a :: ARPQuerier(18.26.4.24/24, 00:00:C0:AE:67:EF);
    c[0] -> [1]a; c[1] -> ... -> [0]a -> ToDevice(eth0);

The table lives through upgrades. Replies are handed on to the other shards. Differs from Click: bounds that Click
leaves out have defaults (128 packets an address, 65536 entries), the TABLE argument is not there, and a reply that
is neither for us nor about an address in the table is ignored (RFC 826).)")
        .ports("2/1-2")
        .processing("h/h")
        .flow("xy/x")
        .required<&ARPQuerier::ip_text>("IP",
                                        "own IP address, with its prefix for BROADCAST; or an interface")
        .positional<&ARPQuerier::ether_text>("ETH", "own Ethernet address; not needed with an interface")
        .argument<&ARPQuerier::capacity>("CAPACITY", "packets that may wait; default 2048, at most 65536")
        .argument<&ARPQuerier::entry_capacity>("ENTRY_CAPACITY", "addresses in the table; default 65536")
        .argument<&ARPQuerier::entry_packet_capacity>("ENTRY_PACKET_CAPACITY",
                                                      "waiting for one address; default 128")
        .argument<&ARPQuerier::timeout>("TIMEOUT",
                                        "how long an answer holds; default 5 minutes, 0 = for ever")
        .argument<&ARPQuerier::poll_timeout>("POLL_TIMEOUT",
                                             "age at which to ask again; default 1 minute, 0 = not")
        .argument<&ARPQuerier::broadcast>("BROADCAST", "local broadcast address; default: that of the prefix")
        .argument<&ARPQuerier::broadcast_poll>("BROADCAST_POLL", "ask again by broadcast; default false")
        .table<&ARPQuerier::entries>("neighbours", neighbour_key_v1, neighbour_v1,
                                     "Ethernet addresses by IP address")
        .queue<&ARPQuerier::waiting>("waiting", "packets whose next hop has not answered yet")
        .state<&ARPQuerier::counts>("counts", neighbour_counts_v1, "queries, responses and drops so far")
        .read<&ARPQuerier::own_ip>("ipaddr", merge::same, "own IP address")
        .write<&ARPQuerier::own_ip>("ipaddr", "sets the own IP address")
        .read<&ARPQuerier::broadcast>("broadcast", merge::same, "local broadcast address")
        .read<&ARPQuerier::text>("table", merge::concat,
                                 "IP address, 1 if valid, Ethernet address, age in seconds")
        .read<&ARPQuerier::stats>("stats", merge::concat, "drops and queries as text")
        .read<&ARPQuerier::queries>("queries", merge::sum, "queries sent")
        .read<&ARPQuerier::responses>("responses", merge::sum, "replies used")
        .read<&ARPQuerier::drops>("drops", merge::sum, "IP packets dropped")
        .read<&ARPQuerier::count>("count", merge::sum, "entries in the table")
        .read<&ARPQuerier::length>("length", merge::sum, "packets that wait")
        .write<&ARPQuerier::insert>("insert", "puts an entry in: IP ETHER")
        .write<&ARPQuerier::erase>("delete", "takes the entry of an IP address out, drops what waits for it")
        .write<&ARPQuerier::clear>("clear", "takes all entries out, drops what waits")
        .drop("no destination", "the destination annotation is 0.0.0.0")
        .drop("no headroom", "no room for 14 bytes before the packet")
        .drop("address full", "ENTRY_PACKET_CAPACITY packets wait for the address already")
        .drop("all full", "CAPACITY packets waited; the oldest went")
        .drop("table full", "no room for another address")
        .drop("unanswered", "waited too long for an answer")
        .drop("deleted", "waited for an entry that a handler took out")
        .drop("not an ARP reply", "on input 1: not a reply with a sender that can be used")
        .drop("unsolicited", "on input 1: a reply that is not for us, about an unknown address");
HOTCLICK_EXPORT(info)
