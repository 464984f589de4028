/// Brings what a swap will touch into the processor's caches before the break begins, a little in each round, so that
/// the break itself does not wait for memory.
#pragma once
#include <cstddef>
#include <span>

namespace hotclick::core {

class ShardGraph;

class WarmUp {
 public:
  /// On the shard, once a round: some of the swap's own code, one node of `next`, which takes the place of `running`, or some words of `way_out`: addresses of code and data on the way
  /// out of the loop and back. Takes 0.3 to 0.4 µs, at most 1.5. False when nothing was left to do.
  bool step(const ShardGraph& next, const ShardGraph* running, std::span<const void* const> way_out);

 private:
  size_t code_ = 0, node_ = 0, word_ = 0;
};

}  // namespace hotclick::core
