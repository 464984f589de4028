/// The moment of an upgrade in one shard.
#pragma once
#include <cstdint>
#include <memory>

#include "command.hh"
#include "shard_graph.hh"
#include "warm_up.hh"

namespace hotclick::core {

/// Installs a graph that was built beside the running one.
class SwapCommand : public Command {
 public:
  enum class Strategy {
    swap,   // in place, at a batch boundary
    thread  // the shard leaves its loop for JavaScript and enters it again, which calls install_restarted()
  };
  SwapCommand(std::shared_ptr<ShardGraph> next, Strategy strategy)
      : next_(std::move(next)), strategy_(strategy) {}

  bool step(Shard& shard) override;
  /// On the shard's thread, before it enters the loop again.
  void install_restarted(Shard& shard);

  /// Time in which the shard handled no packet because of this, from its own clock; valid when the command is
  /// done.
  uint64_t break_ns() const { return end_ - begin_; }
  /// Monotonic ns of its begin.
  uint64_t begin() const { return begin_; }

 private:
  std::shared_ptr<ShardGraph> next_;
  Strategy strategy_;
  WarmUp warm_up_;
  uint64_t begin_ = 0, end_ = 0;
  bool left_ = false;
};

}  // namespace hotclick::core
