#include "reclaim_command.hh"

#include <algorithm>
#include <hotclick/batch.hpp>

#include "shard.hh"

namespace hotclick::core {
namespace {

constexpr uint32_t packets_a_round = 2048;  // about 20 µs
/// With more packets in queues than this, marking them each time costs more than to look at the whole arena at once.
constexpr uint32_t many_kept = 8192;

/// Calls `f` with every element that runs in the shard, those that drain included.
template <class F>
void each_node(Shard& shard, F f) {
  for (const auto& n : shard.graph()->nodes()) f(*n);
  for (Node* n : shard.graph()->draining_nodes()) f(*n);
}

}  // namespace

uint32_t ReclaimCommand::mark_kept(Shard& shard) {
  std::fill(kept_.begin(), kept_.end(), 0);
  const hc_shard& face = *shard.face();
  uint32_t count = face.free_count;
  for (uint32_t i = 0; i < face.free_count; ++i) mark(face.free_packets[i]);
  each_node(shard, [&](Node& n) {
    impossible_ |= n.descriptor->pending && n.descriptor->pending(n.instance.object) != 0;
    for (const StateBinding& b : n.states) {
      if (!b.queue) continue;
      const hc_queue& q = b.queue->queue();
      for (uint64_t at = q.head; at != q.tail; ++at, ++count) mark(q.ring[at & q.mask]);
    }
  });
  return count;
}

bool ReclaimCommand::step(Shard& shard) {
  if (!shard.graph()) return true;
  const uint32_t kept = mark_kept(shard);
  if (impossible_) return true;
  const uint32_t end = kept > many_kept ? pool_.size() : std::min(pool_.size(), at_ + packets_a_round);
  for (; at_ < end; ++at_) {
    hc_packet* p = &pool_.packet(at_);
    if (p->holder != shard.index() + 1 || (kept_[at_ >> 6] >> (at_ & 63) & 1) != 0) continue;
    release_packets(shard.face(), &p, 1);
    ++reclaimed_;
  }
  if (at_ < pool_.size()) return false;
  shard.count_drops(ShardDrop::code_crashed, reclaimed_);
  return true;
}

}  // namespace hotclick::core
