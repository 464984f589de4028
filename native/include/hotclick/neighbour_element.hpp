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

  void start(bool);
  void timer(uint32_t);

  // ---- handlers
  uint64_t queries() const { return counts->queries; }
  uint64_t responses() const { return counts->responses; }
  uint64_t drops() const { return counts->dropped; }
  uint64_t count() const { return entries.size(); }
  uint64_t length() const { return waiting.size(); }
  void stats(Text out);
  void text(Text out);
  bool insert(String value, Error& error);
  bool erase(String value, Error& error);
  void clear();

 protected:
  void apply_limits();
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
  void hold(Packet& p, uint32_t slot);
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
  void drop_waiting(uint32_t reason, Packet& p);

  void release(Packet& p) {
    hc_packet* one = &p;
    release_packets(shard(), &one, 1);
  }
  /// Sends what waits for an entry that has become known.
  void send_waiting(uint32_t slot);

 private:
  bool timer_runs = false;
};

}  // namespace hotclick
