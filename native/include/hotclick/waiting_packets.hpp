/// Packets that wait until the Ethernet address of their next hop is known: one bounded ring for all, in
/// order of arrival, and a count for each address.
#pragma once
#include "neighbours.hpp"

namespace hotclick {

/// A PacketQueue (so that the packets live through an upgrade) from which packets can also be picked out of
/// the middle, and which knows which of them were there already at the last tick of its owner's timer.
struct WaitingPackets : PacketQueue {
  explicit WaitingPackets(uint32_t default_capacity) : PacketQueue(default_capacity) {}

  bool full() const { return size() >= queue->limit; }
  /// The caller has seen that it is not full.
  void add(Packet& p) {
    hc_packet* one = &p;
    put(&one, 1);
  }
  /// Takes the packet that waits longest; null when there is none.
  Packet* oldest() {
    const uint64_t head = queue->head;
    if (empty()) return nullptr;
    hc_packet* p = queue->ring[head & queue->mask];
    __atomic_store_n(&queue->head, head + 1, __ATOMIC_RELEASE);
    if (seen_ != 0) --seen_;
    return static_cast<Packet*>(p);
  }
  /// Asks `take` about every packet; those it says true for are its own from then on, the others stay, in
  /// order.
  template <class Take>
  void pick(Take&& take) {
    const uint32_t n = size();
    uint32_t seen_left = seen_;
    for (uint32_t i = 0; i < n; ++i) {
      const bool was_seen = i < seen_;
      const uint64_t head = queue->head;
      hc_packet* p = queue->ring[head & queue->mask];
      __atomic_store_n(&queue->head, head + 1, __ATOMIC_RELEASE);
      if (take(*static_cast<Packet*>(p)))
        seen_left -= was_seen;
      else
        put(&p, 1);
    }
    seen_ = seen_left;
  }
  /// A tick: those that were there at the last one are given to `expired`, oldest first.
  template <class Expired>
  void tick(Expired&& expired) {
    for (uint32_t n = seen_; n != 0; --n) expired(*oldest());
    seen_ = size();
  }

 private:
  uint32_t seen_ = 0;
};

/// Packets waiting for the neighbour that their destination annotation names. How many wait for each is
/// counted in the table's entries. A count survives the packets when the engine dies, so it holds for one
/// epoch only: a new instance counts anew what it finds.
struct NeighbourQueue : WaitingPackets {
  explicit NeighbourQueue(uint32_t default_capacity) : WaitingPackets(default_capacity) {}

  void start(uint64_t now) { epoch_ = static_cast<uint32_t>(now >> 10) | 1u; }
  /// How many wait for an entry; may be changed.
  uint32_t& count(Neighbour& e, uint32_t address) {
    if (HC_UNLIKELY(e.epoch != epoch_)) {
      e.epoch = epoch_;
      e.waiting = 0;
      pick([&](Packet& p) { return e.waiting += p.destination == address, false; });
    }
    return e.waiting;
  }
  /// A packet for that address has left the ring, not by way of its entry.
  void left(const NeighbourTable& table, uint32_t address) const {
    const uint32_t slot = table.find(NeighbourKey{{address}});
    if (slot == no_slot) return;
    Neighbour& e = table.value(slot);
    if (e.epoch == epoch_ && e.waiting != 0) --e.waiting;
  }

 private:
  uint32_t epoch_ = 0;
};

}  // namespace hotclick
