#include <hotclick/arp.hpp>
#include <hotclick/element.hpp>
#include <hotclick/ipv4.hpp>
#include <hotclick/table_scan.hpp>
#include <hotclick/waiting_packets.hpp>
#include <hotclick/words.hpp>
using namespace hotclick;

constexpr uint64_t second = 1'000'000'000;
// Queries about one address: ten a second, and after ten without an answer one in two seconds.
constexpr uint64_t query_interval = second / 10, slow_query_interval = 2 * second;
constexpr uint8_t quick_queries = 10;
// Packets wait for one to two of these, or of TIMEOUT if that is less.
constexpr uint64_t longest_wait = 5 * second;
constexpr uint32_t default_entries = 1u << 16, most_waiting = 1u << 16;
// The port by which other shards hand on the replies that came to them.
constexpr uint32_t ip_port = 0, reply_port = 1, shared_reply_port = 2;

struct ArpKey {
  Ipv4Address address;
};
struct ArpEntry {
  EtherAddress mac;
  bool known = false;
  uint8_t unanswered = 0;  // queries since the last answer
  Time answered, asked;
  uint32_t waiting = 0;  // packets in the ring for it, if `epoch` is this instance's; otherwise unknown
  uint32_t epoch = 0;
};
constexpr auto key_v1 = schema<ArpKey>(1, HC_FIELD(ArpKey, address));
constexpr auto entry_v1 =
    schema<ArpEntry>(1, HC_FIELD(ArpEntry, mac), HC_FIELD(ArpEntry, known), HC_FIELD(ArpEntry, unanswered),
                     HC_FIELD(ArpEntry, answered), HC_FIELD(ArpEntry, asked), HC_FIELD(ArpEntry, waiting),
                     HC_FIELD(ArpEntry, epoch));
struct Counts {
  uint64_t queries = 0, responses = 0, dropped = 0;
};
constexpr auto counts_v1 =
    schema<Counts>(1, HC_FIELD(Counts, queries), HC_FIELD(Counts, responses), HC_FIELD(Counts, dropped));

struct ARPQuerier : Element {
  enum : uint32_t {
    no_destination,
    no_headroom,
    address_full,
    all_full,
    table_full,
    unanswered,
    deleted,
    not_a_reply,
    unsolicited
  };
  String ip_text = {}, ether_text = {};
  uint32_t capacity = 2048, entry_capacity = 0, entry_packet_capacity = 128;
  Duration timeout{300 * second}, poll_timeout{60 * second};
  Ipv4Address broadcast;
  bool broadcast_poll = false;

  ArpParty own{};
  uint32_t epoch = 0, evict_at = 0;
  bool timer_runs = false;
  Table<ArpKey, ArpEntry> entries{default_entries};
  WaitingPackets waiting{2048};
  State<Counts> counts;

  HC_COLD bool configure(Arguments& arguments) {
    char* error = arguments.raw->error;
    if (!parse_addresses(error)) return false;
    if (capacity == 0 || capacity > most_waiting) capacity = most_waiting;
    waiting.capacity = capacity;
    if (entry_capacity != 0) entries.capacity = entry_capacity;
    return true;
  }
  /// "IP[/MASK] ETHER", or one name of an interface for both.
  HC_COLD bool parse_addresses(char* error) {
    Ipv4Prefix prefix;
    if (parse_word(self->host, ip_text, prefix, error)) {
      own.ip = prefix.address;
      const uint32_t bits = prefix_bits(prefix.mask);
      if (broadcast.value == 0 && bits < 31) broadcast.value = prefix.address | ~prefix.mask;
    } else if (self->host->interface_address(ip_text.data, own.mac.bytes, &own.ip) != 0) {
      return false;  // the parser's message stands
    } else if (ether_text.length == 0) {
      return true;
    }
    uint32_t other_ip;
    if (ether_text.length == 0) {
      self->host->fail(error, "argument ETH is missing");
      return false;
    }
    return parse_word(self->host, ether_text, own.mac, error) ||
           self->host->interface_address(ether_text.data, own.mac.bytes, &other_ip) == 0;
  }

  void start(bool) {
    epoch = static_cast<uint32_t>(now() >> 10) | 1u;
    if (!waiting.empty()) run_timer();
  }

  void push(uint32_t port, Batch& batch) {
    if (port == ip_port) return encapsulate(batch);
    learn(batch, port == reply_port);
  }

  void timer(uint32_t) {
    timer_runs = false;
    waiting.tick([this](Packet& p) { drop_waiting(unanswered, p); });
    if (!waiting.empty()) run_timer();
  }

  // ---- handlers
  uint64_t queries() const { return counts->queries; }
  uint64_t responses() const { return counts->responses; }
  uint64_t drops() const { return counts->dropped; }
  uint64_t count() const { return entries.size(); }
  uint64_t length() const { return waiting.size(); }
  HC_COLD void stats(Text out) {
    out.print("%llu packets killed\n%llu ARP queries sent\n",
              static_cast<unsigned long long>(counts->dropped),
              static_cast<unsigned long long>(counts->queries));
  }
  HC_COLD void text(Text out) {
    TableScan scan(entries);
    for (uint32_t slot; (slot = scan.next()) != no_slot;) {
      const ArpEntry& e = entries.value(slot);
      const uint64_t since = e.answered.ns > e.asked.ns ? e.answered.ns : e.asked.ns;
      out.print(HC_IP4_FORMAT " %d ", HC_IP4_BYTES(entries.key(slot).address.value),
                is_fresh(e, wall()) ? 1 : 0);
      if (e.known)
        out.print(HC_ETHER_FORMAT, HC_ETHER_BYTES(e.mac));
      else
        out.print("FF-FF-FF-FF-FF-FF");
      out.print(" %.6f\n", static_cast<double>(wall() - since) * 1e-9);
    }
  }
  void read_ip(Text out) { out.print(HC_IP4_FORMAT, HC_IP4_BYTES(own.ip)); }
  HC_COLD bool write_ip(String value, Error& error) {
    Ipv4Address address;
    if (!parse_word(self->host, value, address, error.text)) return false;
    own.ip = address.value;
    return true;
  }
  HC_COLD bool insert(String value, Error& error) {
    Words words(value);
    String ip, ether, more;
    Ipv4Address address;
    EtherAddress mac;
    if (!words.next(ip) || !words.next(ether) || words.next(more)) return error.fail("should be 'IP ETHER'");
    if (!parse_word(self->host, ip, address, error.text) || !parse_word(self->host, ether, mac, error.text))
      return false;
    const uint32_t slot = find_or_insert(address.value);
    if (slot == no_slot) return error.fail("the table is full");
    set_mac(slot, mac.bytes);
    send_waiting(slot);
    return true;
  }
  HC_COLD bool erase(String value, Error& error) {
    Ipv4Address address;
    if (!parse_word(self->host, value, address, error.text)) return false;
    const uint32_t slot = entries.find(ArpKey{address});
    if (slot == no_slot) return error.fail("there is no entry for that address");
    entries.erase(slot);
    waiting.pick(
        [&](Packet& p) { return p.destination == address.value && (drop_waiting(deleted, p), true); });
    return true;
  }
  HC_COLD void clear() {
    TableScan scan(entries);
    for (uint32_t slot; (slot = scan.next()) != no_slot;) entries.erase(slot);
    while (Packet* p = waiting.oldest()) drop_waiting(deleted, *p);
  }

 private:
  enum class Way { send, hold, drop };

  uint64_t wall() const { return shard()->now + shard()->wall_offset; }
  bool is_fresh(const ArpEntry& e, uint64_t at) const {
    return e.known && (timeout.ns == 0 || at - e.answered.ns < timeout.ns);
  }
  static bool may_ask(const ArpEntry& e, uint64_t at) {
    return at - e.asked.ns >= (e.unanswered >= quick_queries ? slow_query_interval : query_interval);
  }

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
      if (HC_LIKELY(way == Way::send)) {
        if (HC_LIKELY(prepend(p, header)))
          batch.packets[ready++] = &p;
        else
          lose(no_headroom, p);
      } else if (way == Way::hold) {
        hold(p, slot);
      } else {
        lose(p.destination == 0 ? no_destination : table_full, p);
      }
    }
    batch.count = ready;
    output(0, batch);
    output(noutputs() - 1, asking);
  }
  static bool prepend(Packet& p, const EthernetHeader& header) {
    if (HC_UNLIKELY(!p.push(sizeof(header)))) return false;
    memcpy(p.data, &header, sizeof(header));
    p.set_mac(p.data);
    return true;
  }
  void make_header(EthernetHeader& header, const uint8_t* mac) const {
    memcpy(header.destination, mac, 6);
    memcpy(header.source, own.mac.bytes, 6);
    header.type = net16(ether_ipv4);
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
      const uint8_t mac[6] = {0x01,
                              0x00,
                              0x5E,
                              static_cast<uint8_t>(low >> 16 & 0x7F),
                              static_cast<uint8_t>(low >> 8),
                              static_cast<uint8_t>(low)};
      make_header(header, mac);
      return Way::send;
    }
    const uint64_t at = wall();
    slot = entries.find(ArpKey{{to}});
    if (HC_LIKELY(slot != no_slot)) {
      const ArpEntry& e = entries.value(slot);
      if (HC_LIKELY(is_fresh(e, at))) {
        make_header(header, e.mac.bytes);
        if (HC_UNLIKELY(poll_timeout.ns != 0 && at - e.answered.ns >= poll_timeout.ns)) ask(slot, p, asking);
        return Way::send;
      }
    } else {
      slot = find_or_insert(to);
      if (slot == no_slot) return Way::drop;
    }
    ask(slot, p, asking);
    return Way::hold;
  }

  /// Adds a query about an entry's address, unless one went out just now.
  HC_COLD void ask(uint32_t slot, const Packet& about, Batch& asking) {
    ArpEntry& e = entries.value(slot);
    const uint64_t at = wall();
    if (!may_ask(e, at) || asking.full()) return;
    Packet* p = allocate_packet(shard());
    if (!p) return;  // the next packet asks again
    static constexpr EtherAddress everyone{{255, 255, 255, 255, 255, 255}};
    const bool unicast = is_fresh(e, at) && !broadcast_poll;
    write_arp(*p, arp_request, unicast ? e.mac : everyone, own,
              ArpParty{{}, entries.key(slot).address.value});
    p->vlan_tci = about.vlan_tci;
    p->flags |= about.flags & HC_PACKET_VLAN;
    asking.add(*p);
    e.asked.ns = at;
    if (e.unanswered < 255) ++e.unanswered;
    ++counts->queries;
    keep(slot);
  }
  /// Puts off the end of an entry: one that packets ask for stays.
  void keep(uint32_t slot) {
    const ArpEntry& e = entries.value(slot);
    const uint32_t least = 60 * ticks_per_second;
    if (e.known && timeout.ns == 0) return entries.touch(slot, 0);
    const uint32_t ticks = timeout.ticks() * 2;
    entries.touch(slot, ticks > least ? ticks : least);
  }

  HC_COLD void hold(Packet& p, uint32_t slot) {
    ArpEntry& e = entries.value(slot);
    if (e.epoch != epoch) {
      e.epoch = epoch;
      e.waiting = 0;
      waiting.pick([&](Packet& q) { return e.waiting += q.destination == p.destination, false; });
    }
    if (entry_packet_capacity != 0 && e.waiting >= entry_packet_capacity) return lose(address_full, p);
    if (waiting.full()) drop_waiting(all_full, *waiting.oldest());
    waiting.add(p);
    ++e.waiting;
    if (!timer_runs) run_timer();
  }
  void run_timer() {
    const uint64_t wait = timeout.ns != 0 && timeout.ns < longest_wait ? timeout.ns : longest_wait;
    timer_runs = true;
    set_timer(0, now() + wait);
  }
  void lose(uint32_t reason, Packet& p) {
    ++counts->dropped;
    drop_now(reason, p);
  }
  void lose(uint32_t reason, Batch& batch) {
    counts->dropped += batch.count;
    drop_now(reason, batch);
  }
  /// A packet that has been taken out of the ring.
  HC_COLD void drop_waiting(uint32_t reason, Packet& p) {
    const uint32_t slot = entries.find(ArpKey{{p.destination}});
    if (slot != no_slot) {
      ArpEntry& e = entries.value(slot);
      if (e.epoch == epoch && e.waiting != 0) --e.waiting;
    }
    lose(reason, p);
  }

  HC_COLD uint32_t find_or_insert(uint32_t address) {
    const ArpKey key{{address}};
    const uint32_t slot = entries.find(key);
    if (slot != no_slot) return slot;
    if (entries.size() >= entries.capacity) evict();
    const uint32_t fresh = entries.insert(key);
    if (fresh != no_slot) keep(fresh);
    return fresh;
  }
  /// Makes room: the entry that was heard of longest ago goes, of all in a small table, of the next few in a
  /// large one. What waits for it stays until its time is up.
  HC_COLD void evict() {
    const uint32_t slots = entries.table->capacity, look_at = slots < 64 ? slots : 16;
    uint32_t oldest = no_slot;
    uint64_t oldest_time = ~0ull;
    for (uint32_t i = 0; i < look_at; ++i) {
      evict_at = evict_at + 1 < slots ? evict_at + 1 : 0;
      const hc_record& r = entries.record(evict_at);
      if (r.layout != entries.table->layout) self->host->table_convert(entries.table, evict_at);
      if (!(r.flags & HC_RECORD_LIVE)) continue;
      const ArpEntry& e = entries.value(evict_at);
      const uint64_t time = e.answered.ns > e.asked.ns ? e.answered.ns : e.asked.ns;
      if (time >= oldest_time) continue;
      oldest = evict_at;
      oldest_time = time;
    }
    if (oldest != no_slot) entries.erase(oldest);
  }

  // ---- replies

  void learn(Batch& batch, bool share) {
    for (Packet& p : batch) {
      const ArpFrame* f = arp_frame(p, arp_reply);
      const uint32_t from = f ? f->arp.sender_ip : 0;
      if (!f || from == 0 || from == own.ip || is_multicast_or_reserved(from)) {
        drop_now(not_a_reply, p);
        continue;
      }
      // RFC 826: an answer to us makes an entry, any other only brings one up to date.
      uint32_t slot = entries.find(ArpKey{{from}});
      if (slot == no_slot && f->arp.target_ip == own.ip) slot = find_or_insert(from);
      if (slot != no_slot) {
        ++counts->responses;
        set_mac(slot, f->arp.sender_mac);
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
  void release(Packet& p) {
    hc_packet* one = &p;
    release_packets(shard(), &one, 1);
  }
  void set_mac(uint32_t slot, const uint8_t* mac) {
    ArpEntry& e = entries.value(slot);
    memcpy(e.mac.bytes, mac, 6);
    e.known = true;
    e.unanswered = 0;
    e.answered.ns = wall();
    keep(slot);
  }
  /// A reply reaches one shard; packets may wait for it in all.
  HC_COLD void tell_other_shards(const Packet& p) {
    for (uint32_t i = 0; i < shard()->count; ++i) {
      if (i == shard()->index) continue;
      Packet* copy = clone_packet(shard(), p);
      if (copy && !self->host->hand_over(self, i, shared_reply_port, copy)) release(*copy);
    }
  }
  /// Sends what waits for an entry that has become known.
  HC_COLD void send_waiting(uint32_t slot) {
    ArpEntry& e = entries.value(slot);
    if (e.epoch == epoch && e.waiting == 0) return;
    e.epoch = epoch;
    e.waiting = 0;
    ScratchBatches scratch(shard(), 1);
    if (!scratch.ok() || waiting.empty()) return;
    Batch& out = scratch[0];
    const uint32_t address = entries.key(slot).address.value;
    EthernetHeader header;
    make_header(header, e.mac.bytes);
    waiting.pick([&](Packet& p) {
      if (p.destination != address) return false;
      if (!prepend(p, header)) {
        lose(no_headroom, p);
        return true;
      }
      out.add(p);
      if (out.full()) output(0, out);
      return true;
    });
    output(0, out);
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
        .required<&ARPQuerier::ip_text>(
            "IP", "own IP address, with its prefix if there is a broadcast address; or an interface")
        .positional<&ARPQuerier::ether_text>("ETH", "own Ethernet address; not needed with an interface")
        .argument<&ARPQuerier::capacity>("CAPACITY",
                                         "packets that may wait in all; default 2048, at most 65536")
        .argument<&ARPQuerier::entry_capacity>("ENTRY_CAPACITY", "addresses in the table; default 65536")
        .argument<&ARPQuerier::entry_packet_capacity>(
            "ENTRY_PACKET_CAPACITY", "packets that may wait for one address; default 128, 0 = CAPACITY")
        .argument<&ARPQuerier::timeout>(
            "TIMEOUT", "time after which an answer is no longer used; default 5 minutes, 0 = never")
        .argument<&ARPQuerier::poll_timeout>(
            "POLL_TIMEOUT",
            "time after which an address in use is asked for again; default 1 minute, 0 = not")
        .argument<&ARPQuerier::broadcast>("BROADCAST",
                                          "local broadcast address; default: of the prefix of IP")
        .argument<&ARPQuerier::broadcast_poll>("BROADCAST_POLL",
                                               "ask again by broadcast instead of unicast; default false")
        .table<&ARPQuerier::entries>("neighbours", key_v1, entry_v1, "Ethernet addresses by IP address")
        .queue<&ARPQuerier::waiting>("waiting", "packets whose next hop has not answered yet")
        .state<&ARPQuerier::counts>("counts", counts_v1, "queries, responses and drops so far")
        .read<&ARPQuerier::read_ip>("ipaddr", merge::same, "own IP address")
        .write<&ARPQuerier::write_ip>("ipaddr", "sets the own IP address")
        .read<&ARPQuerier::broadcast>("broadcast", merge::same, "local broadcast address")
        .read<&ARPQuerier::text>("table", merge::concat,
                                 "entries: IP address, 1 if valid, Ethernet address, age in seconds")
        .read<&ARPQuerier::stats>("stats", merge::concat, "drops and queries as text")
        .read<&ARPQuerier::queries>("queries", merge::sum, "queries sent")
        .read<&ARPQuerier::responses>("responses", merge::sum, "replies used")
        .read<&ARPQuerier::drops>("drops", merge::sum, "IP packets dropped")
        .read<&ARPQuerier::count>("count", merge::sum, "entries in the table")
        .read<&ARPQuerier::length>("length", merge::sum, "packets that wait")
        .write<&ARPQuerier::insert>("insert", "puts an entry in: IP ETHER")
        .write<&ARPQuerier::erase>("delete",
                                   "takes the entry of an IP address out, and drops what waits for it")
        .write<&ARPQuerier::clear>("clear", "takes all entries out, and drops what waits")
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
