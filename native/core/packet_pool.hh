/// The packet arena of an engine, and the depot through which shards exchange free packets.
#pragma once
#include <hotclick/abi.h>

#include <atomic>
#include <memory>
#include <vector>

#include "mapped_region.hh"

namespace hotclick::core {

/// All packets of an engine. Buffers and metadata are separate arrays, so that the metadata of a burst is
/// dense in the caches. Free packets are on the shards' own stacks; chunks of 64 go to and from the depot, a
/// bounded ring for any number of producers and consumers (a sequence number per cell; no locks).
class PacketPool {
 public:
  static constexpr uint32_t chunk_size = 64;
  static constexpr uint32_t stack_capacity = 1024;

  /// `packets` is rounded up to a power of two of at least 4096. Null when memory cannot be had.
  static std::unique_ptr<PacketPool> create(uint32_t packets);

  /// On another engine's buffers. No packet can be had until open().
  static std::unique_ptr<PacketPool> adopt(uint32_t packets, int buffers);
  /// Makes all packets free but those that are marked, by a bit each. What makes no whole chunk goes to the shard's
  /// stack. Takes time by the number of marked packets, and hardly any for the others.
  void open(const std::vector<uint64_t>& in_use, hc_shard& shard);
  /// Moves chunks to the shard's stack until it holds at least HC_BATCH_CAPACITY, if there are any.
  void refill(hc_shard& shard);
  /// Moves chunks from the shard's stack until HC_BATCH_CAPACITY more fit.
  void spill(hc_shard& shard);
  /// Gives the shard its (empty) stack; `drain` takes everything back.
  void attach(hc_shard& shard);
  void drain(hc_shard& shard);

  uint32_t size() const { return size_; }
  hc_packet& packet(uint32_t index) const { return reinterpret_cast<hc_packet*>(metadata_.data())[index]; }
  uint8_t* buffer(uint32_t index) const {
    return buffers_.data() + static_cast<size_t>(index) * HC_BUFFER_SIZE;
  }
  const MappedRegion& buffers() const { return buffers_; }
  const MappedRegion& metadata() const { return metadata_; }
  /// The packet whose metadata or buffer the address lies in; null when it lies in neither.
  hc_packet* find(uintptr_t address) const;
  /// Packets in the depot: an estimate while shards run.
  uint32_t in_depot() const;

 private:
  struct Cell {
    std::atomic<uint64_t> sequence;
    hc_packet* packets[chunk_size];
  };
  PacketPool() = default;
  static std::unique_ptr<PacketPool> make(uint32_t packets, MappedRegion buffers);
  /// Nobody's from then on: they may come to any shard.
  bool put(hc_packet* const* packets);
  bool take(hc_packet** packets);

  MappedRegion buffers_, metadata_;
  std::unique_ptr<Cell[]> cells_;
  uint32_t size_ = 0, cell_mask_ = 0;
  bool open_ = true;
  alignas(64) std::atomic<uint64_t> put_at_{0};
  alignas(64) std::atomic<uint64_t> take_at_{0};
};

}  // namespace hotclick::core
