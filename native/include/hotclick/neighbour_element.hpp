/// Base of elements that put Ethernet headers before packets and have to ask for the addresses first: the
/// table of neighbours, the packets that wait for them, and the handlers for both.
#pragma once
#include "element.hpp"
#include "table_scan.hpp"
#include "waiting_packets.hpp"
#include "words.hpp"

namespace hotclick {

struct NeighbourCounts {
  uint64_t queries = 0, responses = 0, dropped = 0;
};
inline constexpr auto neighbour_counts_v1 =
    schema<NeighbourCounts>(1, HC_COUNT(NeighbourCounts, queries), HC_COUNT(NeighbourCounts, responses),
                            HC_COUNT(NeighbourCounts, dropped));

struct NeighbourElement : Element {
  /// The drop reasons that a derived element declares first, in this order.
  enum : uint32_t {
    no_destination,
    no_headroom,
    address_full,
    all_full,
    table_full,
    unanswered,
    deleted,
    own_reasons
  };
  /// Packets wait for one to two of these, or of TIMEOUT if that is less.
  static constexpr uint64_t longest_wait = 5 * NeighbourTable::second;
  static constexpr uint32_t default_entries = 1u << 16, default_waiting = 2048, most_waiting = 1u << 16;

  uint32_t capacity = default_waiting, entry_capacity = 0, entry_packet_capacity = 128;
  Duration timeout{300 * NeighbourTable::second};
  EtherAddress own_mac;
  NeighbourTable entries{default_entries};
  NeighbourQueue waiting{default_waiting};
  State<NeighbourCounts> counts;

  void start(bool) {
    waiting.start(now());
    if (!waiting.empty()) run_timer();
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
      const Neighbour& e = entries.value(slot);
      out.print(HC_IP4_FORMAT " %d ", HC_IP4_BYTES(entries.key(slot).address.value),
                entries.is_fresh(e, wall()) ? 1 : 0);
      if (e.known)
        out.print(HC_ETHER_FORMAT, HC_ETHER_BYTES(e.mac));
      else
        out.print("FF-FF-FF-FF-FF-FF");
      out.print(" %.6f\n", static_cast<double>(wall() - e.last_heard()) * 1e-9);
    }
  }
  HC_COLD bool insert(String value, Error& error) {
    Words words(value);
    String ip, ether, more;
    Ipv4Address address;
    EtherAddress mac;
    if (!words.next(ip) || !words.next(ether) || words.next(more)) return error.fail("should be 'IP ETHER'");
    if (!parse_word(self->host, ip, address, error.text) || !parse_word(self->host, ether, mac, error.text))
      return false;
    const uint32_t slot = entries.find_or_insert(address.value);
    if (slot == no_slot) return error.fail("the table is full");
    entries.note_answer(slot, mac.bytes, wall());
    send_waiting(slot);
    return true;
  }
  HC_COLD bool erase(String value, Error& error) {
    Ipv4Address address;
    if (!parse_word(self->host, value, address, error.text)) return false;
    const uint32_t slot = entries.find(NeighbourKey{address});
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

 protected:
  HC_COLD void apply_limits() {
    if (capacity == 0 || capacity > most_waiting) capacity = most_waiting;
    waiting.capacity = capacity;
    entries.timeout = timeout;
    if (entry_capacity != 0) entries.capacity = entry_capacity;
  }
  uint64_t wall() const { return shard()->now + shard()->wall_offset; }
  void make_header(EthernetHeader& header, const uint8_t* mac) const {
    memcpy(header.destination, mac, 6);
    memcpy(header.source, own_mac.bytes, 6);
    header.type = net16(ether_ipv4);
  }

  static bool prepend(Packet& p, const EthernetHeader& header) {
    if (HC_UNLIKELY(!p.push(sizeof(header)))) return false;
    memcpy(p.data, &header, sizeof(header));
    p.set_mac(p.data);
    return true;
  }
  HC_COLD void hold(Packet& p, uint32_t slot) {
    uint32_t& count = waiting.count(entries.value(slot), p.destination);
    if (entry_packet_capacity != 0 && count >= entry_packet_capacity) return lose(address_full, p);
    if (waiting.full()) drop_waiting(all_full, *waiting.oldest());
    waiting.add(p);
    ++count;
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
    waiting.left(entries, p.destination);
    lose(reason, p);
  }

  void release(Packet& p) {
    hc_packet* one = &p;
    release_packets(shard(), &one, 1);
  }
  /// Sends what waits for an entry that has become known.
  HC_COLD void send_waiting(uint32_t slot) {
    Neighbour& e = entries.value(slot);
    const uint32_t address = entries.key(slot).address.value;
    uint32_t& count = waiting.count(e, address);
    ScratchBatches scratch(shard(), 1);
    if (count == 0 || !scratch.ok()) return;
    count = 0;
    Batch& out = scratch[0];
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

 private:
  bool timer_runs = false;
};

}  // namespace hotclick
