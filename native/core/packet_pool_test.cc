#include "packet_pool.hh"

#include <hotclick/batch.hpp>
#include <set>
#include <thread>
#include <vector>

#include "../test/unit.hpp"
#include "host.hh"

using namespace hotclick;
using namespace hotclick::core;

namespace {

/// A shard's half of the pool.
struct Stack {
  explicit Stack(PacketPool& from) : pool(from) {
    shard.host = &host_functions();
    shard.pool = &from;
    pool.attach(shard);
  }
  ~Stack() { pool.drain(shard); }
  Stack(const Stack&) = delete;
  Stack& operator=(const Stack&) = delete;
  PacketPool& pool;
  hc_shard shard = {};
};

uint32_t take(Stack& stack, uint32_t n, std::vector<hc_packet*>& out) {
  Batch batch;
  batch.count = 0;
  const uint32_t got = allocate_packets(&stack.shard, &batch, n);
  out.insert(out.end(), batch.packets, batch.packets + got);
  return got;
}

}  // namespace

TEST("packet pool: its size is a power of two of at least 4096, and every packet has its own buffer") {
  CHECK_EQ(PacketPool::create(1)->size(), 4096u);
  const auto pool = PacketPool::create(5000);
  if (!CHECK_EQ(pool->size(), 8192u)) return;
  CHECK_EQ(pool->in_depot(), 8192u);
  Stack stack(*pool);
  std::vector<hc_packet*> all;
  while (take(stack, HC_BATCH_CAPACITY, all) != 0) continue;
  CHECK_EQ(all.size(), 8192u);
  std::set<uint8_t*> buffers;
  std::set<uint32_t> numbers;
  for (hc_packet* p : all) {
    buffers.insert(p->buffer);
    numbers.insert(p->index);
    CHECK(reinterpret_cast<uintptr_t>(p->buffer) % HC_BUFFER_SIZE == 0);
    p->buffer[0] = p->buffer[HC_BUFFER_SIZE - 1] = 1;
  }
  CHECK_EQ(buffers.size(), 8192u);
  CHECK_EQ(numbers.size(), 8192u);
  release_packets(&stack.shard, all.data(), 0);
  for (hc_packet* p : all) release_packets(&stack.shard, &p, 1);
}

TEST("packet pool: an empty pool gives fewer packets, and what comes back can be taken again") {
  const auto pool = PacketPool::create(4096);
  Stack stack(*pool);
  std::vector<hc_packet*> all;
  while (take(stack, 100, all) != 0) continue;
  CHECK_EQ(all.size(), 4096u);
  CHECK(allocate_packet(&stack.shard) == nullptr);
  release_packets(&stack.shard, all.data(), 10);
  std::vector<hc_packet*> again;
  CHECK_EQ(take(stack, 100, again), 10u);
  for (uint32_t i = 10; i < all.size(); ++i) release_packets(&stack.shard, &all[i], 1);
  for (hc_packet* p : again) release_packets(&stack.shard, &p, 1);
}

TEST("packet pool: a fresh packet is empty and has headroom, whatever it was used for before") {
  const auto pool = PacketPool::create(4096);
  Stack stack(*pool);
  Packet* p = allocate_packet(&stack.shard);
  p->length = 77;
  p->mac_offset = p->network_offset = p->transport_offset = p->flags = 77;
  p->destination = p->aggregate = 77;
  p->paint = p->packet_type = p->fix_ip_source = p->icmp_parameter = 77;
  p->timestamp = p->vlan_tci = 77;
  p->data = p->buffer;
  hc_packet* used = p;
  release_packets(&stack.shard, &used, 1);
  p = allocate_packet(&stack.shard);
  CHECK(p == used);
  CHECK(p->length == 0 && p->headroom() >= HC_HEADROOM && p->tailroom() >= 1514);
  CHECK(p->mac_offset == 0 && p->network_offset == 0 && p->transport_offset == 0 && p->flags == 0);
  CHECK(p->destination == 0 && p->aggregate == 0 && p->timestamp == 0 && p->vlan_tci == 0);
  CHECK(p->paint == 0 && p->packet_type == 0 && p->fix_ip_source == 0 && p->icmp_parameter == 0);
  release_packets(&stack.shard, &used, 1);
}

TEST("packet pool: a stack that overflows spills to the depot, and draining gives everything back") {
  const auto pool = PacketPool::create(4096);
  {
    Stack taker(*pool), giver(*pool);
    std::vector<hc_packet*> all;
    while (take(taker, HC_BATCH_CAPACITY, all) != 0) continue;
    for (size_t at = 0; at < all.size(); at += 128) release_packets(&giver.shard, all.data() + at, 128);
    CHECK(giver.shard.free_count <= PacketPool::stack_capacity);
    CHECK_EQ(giver.shard.free_count + pool->in_depot(), 4096u);
    std::vector<hc_packet*> again;
    CHECK_EQ(take(taker, HC_BATCH_CAPACITY, again), HC_BATCH_CAPACITY);
    release_packets(&taker.shard, again.data(), HC_BATCH_CAPACITY);
  }
  CHECK_EQ(pool->in_depot(), 4096u);
}

TEST("packet pool: shards that take and give at the same time never share a packet") {
  const auto pool = PacketPool::create(4096);
  const uint64_t seed = unit::seed();
  std::vector<std::atomic<uint32_t>> owners(pool->size());
  std::atomic<uint32_t> shared{0};
  const auto work = [&](uint32_t number) {
    Stack stack(*pool);
    unit::Random random{seed + number};
    std::vector<hc_packet*> mine;
    for (uint32_t round = 0; round < 20'000; ++round) {
      const size_t had = mine.size();
      if (had < 1500) take(stack, 1 + random.below(HC_BATCH_CAPACITY), mine);
      for (size_t i = had; i < mine.size(); ++i) {
        if (owners[mine[i]->index].exchange(number) != 0) ++shared;
      }
      const uint32_t back = random.below(static_cast<uint32_t>(std::min<size_t>(mine.size(), 256)) + 1);
      for (uint32_t i = 0; i < back; ++i) owners[mine[mine.size() - 1 - i]->index].store(0);
      release_packets(&stack.shard, mine.data() + mine.size() - back, back);
      mine.resize(mine.size() - back);
    }
    for (hc_packet* p : mine) {
      owners[p->index].store(0);
      release_packets(&stack.shard, &p, 1);
    }
  };
  std::thread other(work, 1);
  work(2);
  other.join();
  CHECK_EQ(shared.load(), 0u);
  CHECK_EQ(pool->in_depot() / PacketPool::chunk_size, 4096u / PacketPool::chunk_size);
}
