/// Packets that wait for an answer (an Ethernet address, a route): one bounded ring for all, in order of
/// arrival.
#pragma once
#include "schema.hpp"

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

}  // namespace hotclick
