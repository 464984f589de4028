#include "packet_pool.hh"

#include <bit>
#include <cstring>
#include <new>

namespace hotclick::core {

std::unique_ptr<PacketPool> PacketPool::create(uint32_t packets) {
  if (packets < 4096) packets = 4096;
  packets = std::bit_ceil(packets);
  std::unique_ptr<PacketPool> pool(new (std::nothrow) PacketPool());
  if (!pool) return nullptr;
  pool->buffers_ = MappedRegion::create("hotclick-packets", static_cast<size_t>(packets) * HC_BUFFER_SIZE);
  pool->metadata_ =
      MappedRegion::create("hotclick-metadata", static_cast<size_t>(packets) * sizeof(hc_packet));
  if (!pool->buffers_.ok() || !pool->metadata_.ok()) return nullptr;
  pool->size_ = packets;

  const uint32_t cells = packets / chunk_size;
  pool->cells_.reset(new (std::nothrow) Cell[cells]);
  if (!pool->cells_) return nullptr;
  pool->cell_mask_ = cells - 1;
  for (uint32_t i = 0; i < cells; ++i) pool->cells_[i].sequence.store(i, std::memory_order_relaxed);

  auto* metadata = reinterpret_cast<hc_packet*>(pool->metadata_.data());
  hc_packet* chunk[chunk_size];
  for (uint32_t i = 0; i < packets; ++i) {
    hc_packet& p = metadata[i];
    p.index = i;
    p.buffer = pool->buffers_.data() + static_cast<size_t>(i) * HC_BUFFER_SIZE;
    chunk[i % chunk_size] = &p;
    if (i % chunk_size == chunk_size - 1) pool->put(chunk);
  }
  return pool;
}

bool PacketPool::put(hc_packet* const* packets) {
  uint64_t at = put_at_.load(std::memory_order_relaxed);
  for (;;) {
    Cell& cell = cells_[at & cell_mask_];
    const uint64_t sequence = cell.sequence.load(std::memory_order_acquire);
    const auto difference = static_cast<int64_t>(sequence - at);
    if (difference == 0) {
      if (put_at_.compare_exchange_weak(at, at + 1, std::memory_order_relaxed)) {
        memcpy(cell.packets, packets, sizeof(cell.packets));
        cell.sequence.store(at + 1, std::memory_order_release);
        return true;
      }
    } else if (difference < 0) {
      return false;
    } else {
      at = put_at_.load(std::memory_order_relaxed);
    }
  }
}

bool PacketPool::take(hc_packet** packets) {
  uint64_t at = take_at_.load(std::memory_order_relaxed);
  for (;;) {
    Cell& cell = cells_[at & cell_mask_];
    const uint64_t sequence = cell.sequence.load(std::memory_order_acquire);
    const auto difference = static_cast<int64_t>(sequence - (at + 1));
    if (difference == 0) {
      if (take_at_.compare_exchange_weak(at, at + 1, std::memory_order_relaxed)) {
        memcpy(packets, cell.packets, sizeof(cell.packets));
        cell.sequence.store(at + cell_mask_ + 1, std::memory_order_release);
        return true;
      }
    } else if (difference < 0) {
      return false;
    } else {
      at = take_at_.load(std::memory_order_relaxed);
    }
  }
}

void PacketPool::attach(hc_shard& shard) {
  shard.free_packets = new hc_packet*[stack_capacity];
  shard.free_capacity = stack_capacity;
  shard.free_count = 0;
}

void PacketPool::refill(hc_shard& shard) {
  while (shard.free_count < HC_BATCH_CAPACITY && take(shard.free_packets + shard.free_count)) {
    shard.free_count += chunk_size;
  }
}

void PacketPool::spill(hc_shard& shard) {
  // The oldest packets go: those on top are still in this core's caches.
  uint32_t moved = 0;
  while (shard.free_count - moved + HC_BATCH_CAPACITY > shard.free_capacity / 2 &&
         shard.free_count - moved >= chunk_size && put(shard.free_packets + moved)) {
    moved += chunk_size;
  }
  if (moved == 0) return;
  shard.free_count -= moved;
  memmove(shard.free_packets, shard.free_packets + moved, shard.free_count * sizeof(hc_packet*));
}

void PacketPool::drain(hc_shard& shard) {
  while (shard.free_count >= chunk_size && put(shard.free_packets + shard.free_count - chunk_size)) {
    shard.free_count -= chunk_size;
  }
  delete[] shard.free_packets;
  shard.free_packets = nullptr;
  shard.free_capacity = shard.free_count = 0;
}

uint32_t PacketPool::in_depot() const {
  const uint64_t n = put_at_.load(std::memory_order_relaxed) - take_at_.load(std::memory_order_relaxed);
  return static_cast<uint32_t>(n * chunk_size);
}

}  // namespace hotclick::core
