#include "packet_pool.hh"

#include <bit>
#include <cstring>
#include <new>

namespace hotclick::core {
namespace {
constexpr uint32_t least_packets = 4096;
}

std::unique_ptr<PacketPool> PacketPool::create(uint32_t packets) {
  if (packets < least_packets) packets = least_packets;
  packets = std::bit_ceil(packets);
  return make(packets,
              MappedRegion::create("hotclick-packets", static_cast<size_t>(packets) * HC_BUFFER_SIZE));
}

std::unique_ptr<PacketPool> PacketPool::adopt(uint32_t packets, int buffers) {
  if (packets < least_packets || !std::has_single_bit(packets)) return nullptr;
  auto pool = make(packets, MappedRegion::adopt(buffers, static_cast<size_t>(packets) * HC_BUFFER_SIZE));
  if (pool) pool->open_ = false;
  return pool;
}

std::unique_ptr<PacketPool> PacketPool::make(uint32_t packets, MappedRegion buffers) {
  std::unique_ptr<PacketPool> pool(new (std::nothrow) PacketPool());
  if (!pool) return nullptr;
  pool->buffers_ = std::move(buffers);
  pool->metadata_ =
      MappedRegion::create("hotclick-metadata", static_cast<size_t>(packets) * sizeof(hc_packet));
  if (!pool->buffers_.ok() || !pool->metadata_.ok()) return nullptr;
  pool->size_ = packets;

  const uint32_t cells = packets / chunk_size;
  pool->cells_.reset(new (std::nothrow) Cell[cells]);
  if (!pool->cells_) return nullptr;
  pool->cell_mask_ = cells - 1;
  for (uint32_t i = 0; i < cells; ++i) pool->cells_[i].sequence.store(i, std::memory_order_relaxed);
  hc_packet* chunk[chunk_size];
  for (uint32_t i = 0; i < packets; ++i) {
    hc_packet& p = pool->packet(i);
    p.index = i;
    p.buffer = pool->buffer(i);
    chunk[i % chunk_size] = &p;
    if (i % chunk_size == chunk_size - 1) pool->put(chunk);
  }
  return pool;
}

void PacketPool::open(const std::vector<uint64_t>& in_use, hc_shard& shard) {
  // The depot holds all packets in their order, and nobody has taken any. Those from its end take the places of the
  // marked ones, in order, so that the chunks before are whole.
  uint32_t end = size_;
  const auto marked = [&in_use](uint32_t i) { return (in_use[i / 64] >> (i % 64) & 1) != 0; };
  const auto place = [this](uint32_t i) -> hc_packet*& {
    return cells_[i / chunk_size].packets[i % chunk_size];
  };
  for (uint32_t word = 0; word < in_use.size(); ++word) {
    for (uint64_t rest = in_use[word]; rest != 0; rest &= rest - 1) {
      const uint32_t i = word * 64 + static_cast<uint32_t>(std::countr_zero(rest));
      while (end > i && marked(end - 1)) --end;
      if (end > i) place(i) = &packet(--end);
    }
  }
  const uint32_t whole = end / chunk_size;
  for (uint32_t i = whole * chunk_size; i < end; ++i) shard.free_packets[shard.free_count++] = place(i);
  for (uint32_t i = whole; i <= cell_mask_; ++i) cells_[i].sequence.store(i, std::memory_order_relaxed);
  put_at_.store(whole, std::memory_order_relaxed);
  open_ = true;
}

bool PacketPool::put(hc_packet* const* packets) {
  for (uint32_t i = 0; i < chunk_size; ++i) packets[i]->holder = 0;
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
  while (open_ && shard.free_count < HC_BATCH_CAPACITY && take(shard.free_packets + shard.free_count)) {
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

hc_packet* PacketPool::find(uintptr_t address) const {
  const uintptr_t in_metadata = address - reinterpret_cast<uintptr_t>(metadata_.data());
  if (in_metadata < static_cast<uintptr_t>(size_) * sizeof(hc_packet))
    return &packet(static_cast<uint32_t>(in_metadata / sizeof(hc_packet)));
  const uintptr_t in_buffers = address - reinterpret_cast<uintptr_t>(buffers_.data());
  if (in_buffers < static_cast<uintptr_t>(size_) * HC_BUFFER_SIZE)
    return &packet(static_cast<uint32_t>(in_buffers / HC_BUFFER_SIZE));
  return nullptr;
}

uint32_t PacketPool::in_depot() const {
  const uint64_t n = put_at_.load(std::memory_order_relaxed) - take_at_.load(std::memory_order_relaxed);
  return static_cast<uint32_t>(n * chunk_size);
}

}  // namespace hotclick::core
