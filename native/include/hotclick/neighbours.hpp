/// The table of Ethernet addresses by IPv4 address (an ARP cache), with the rules of when an entry may be
/// used, when it may be asked for, and which one goes when there is no room.
#pragma once
#include "schema.hpp"
#include "table.hpp"

namespace hotclick {

struct NeighbourKey {
  Ipv4Address address;
};
struct Neighbour {
  EtherAddress mac;
  bool known = false;
  uint8_t unanswered = 0;  // queries since the last answer
  Time answered;
  Time asked;            // last query since the last answer; 0 = none
  uint32_t waiting = 0;  // packets that wait for it, if `epoch` is the asking instance's; otherwise unknown
  uint32_t epoch = 0;

  uint64_t last_heard() const { return answered.ns > asked.ns ? answered.ns : asked.ns; }
};
inline constexpr auto neighbour_key_v1 = schema<NeighbourKey>(1, HC_FIELD(NeighbourKey, address));
inline constexpr auto neighbour_v1 =
    schema<Neighbour>(1, HC_FIELD(Neighbour, mac), HC_FIELD(Neighbour, known),
                      HC_FIELD(Neighbour, unanswered), HC_FIELD(Neighbour, answered),
                      HC_FIELD(Neighbour, asked), HC_FIELD(Neighbour, waiting), HC_FIELD(Neighbour, epoch));

/// Times `at` are nanoseconds since the epoch, so that entries keep their age over a restart.
struct NeighbourTable : Table<NeighbourKey, Neighbour> {
  static constexpr uint64_t second = 1'000'000'000;
  /// Queries about one address: ten a second, and after ten without an answer one in two seconds.
  static constexpr uint64_t query_interval = second / 10, slow_query_interval = 2 * second;
  static constexpr uint8_t quick_queries = 10;
  /// An entry that nobody asks for stays at least so long.
  static constexpr uint32_t least_ticks = 60 * ticks_per_second;

  Duration timeout{300 * second};

  explicit NeighbourTable(uint32_t default_capacity) : Table(default_capacity) {}

  bool is_fresh(const Neighbour& e, uint64_t at) const {
    return e.known && (timeout.ns == 0 || at - e.answered.ns < timeout.ns);
  }
  static bool may_ask(const Neighbour& e, uint64_t at) {
    return at - e.asked.ns >= (e.unanswered >= quick_queries ? slow_query_interval : query_interval);
  }
  void note_query(uint32_t slot, uint64_t at) {
    Neighbour& e = value(slot);
    e.asked.ns = at;
    if (e.unanswered < 255) ++e.unanswered;
    keep(slot);
  }
  void note_answer(uint32_t slot, const uint8_t* mac, uint64_t at) {
    Neighbour& e = value(slot);
    memcpy(e.mac.bytes, mac, sizeof(e.mac.bytes));
    e.known = true;
    e.unanswered = 0;
    e.answered.ns = at;
    e.asked.ns = 0;
    keep(slot);
  }

  /// The slot for an address, made if need be, at the cost of another entry if there is no room.
  uint32_t find_or_insert(uint32_t address);

 private:
  /// Puts off the end of an entry.
  void keep(uint32_t slot) {
    if (value(slot).known && timeout.ns == 0) return touch(slot, 0);
    const uint32_t ticks = timeout.ticks() * 2;
    touch(slot, ticks > least_ticks ? ticks : least_ticks);
  }
  /// The entry that was heard of longest ago goes: of all in a small table, of the next few in a large one.
  void evict();

  uint32_t evict_at_ = 0;
};

}  // namespace hotclick
