/// Rings between every pair of shards, for packets that arrived in the wrong one.
#pragma once
#include <hotclick/abi.h>

#include <atomic>
#include <memory>
#include <vector>

namespace hotclick::core {

class Shard;

class HandOver {
 public:
  static constexpr uint32_t slots = 512;
  struct Item {
    hc_packet* packet;
    const char* element;  // the sender's element name; interned, so it outlives the sender
    uint32_t port;
  };

  explicit HandOver(uint32_t shards) : shards_(shards), rings_(std::make_unique<Ring[]>(shards * shards)) {}

  /// In shard `from`; false when the ring is full.
  bool put(uint32_t from, uint32_t to, const Item& item) {
    Ring& r = rings_[from * shards_ + to];
    const uint64_t tail = r.tail.load(std::memory_order_relaxed);
    if (tail - r.head.load(std::memory_order_acquire) == slots) return false;
    r.items[tail % slots] = item;
    r.tail.store(tail + 1, std::memory_order_release);
    return true;
  }
  /// In shard `to`: the next item that came from `from`; false when there is none.
  bool take(uint32_t from, uint32_t to, Item& item) {
    Ring& r = rings_[from * shards_ + to];
    const uint64_t head = r.head.load(std::memory_order_relaxed);
    if (r.tail.load(std::memory_order_acquire) == head) return false;
    item = r.items[head % slots];
    r.head.store(head + 1, std::memory_order_release);
    return true;
  }
  /// In shard `to`: whether there is anything to take.
  bool waiting(uint32_t to) const {
    for (uint32_t from = 0; from < shards_; ++from) {
      const Ring& r = rings_[from * shards_ + to];
      if (r.tail.load(std::memory_order_seq_cst) != r.head.load(std::memory_order_relaxed)) return true;
    }
    return false;
  }
  /// host, before the shards run.
  void add_peer(Shard* shard) { peers_.push_back(shard); }
  Shard* peer(uint32_t shard) const { return peers_[shard]; }

 private:
  struct Ring {
    alignas(64) std::atomic<uint64_t> head{0};
    alignas(64) std::atomic<uint64_t> tail{0};
    Item items[slots];
  };
  uint32_t shards_;
  std::unique_ptr<Ring[]> rings_;
  std::vector<Shard*> peers_;
};

}  // namespace hotclick::core
