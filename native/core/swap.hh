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
  /// `watched`: the shard keeps the graph before at hand, see Shard::install.
  SwapCommand(std::shared_ptr<ShardGraph> next, Strategy strategy, bool watched = false)
      : next_(std::move(next)), strategy_(strategy), watched_(watched) {}

  bool step(Shard& shard) override;
  void interrupted() override;
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
  bool watched_;
  WarmUp warm_up_;
  uint64_t begin_ = 0, end_ = 0;
  bool urgent_ = false, left_ = false;
};

/// What becomes of a graph that is watched. Ending the watch and keeping it are two, so that a shard can still go back
/// when another one turns out to have crashed at the last moment.
class WatchCommand : public Command {
 public:
  enum class What { end, keep, take_back };
  explicit WatchCommand(What what) : what_(what) {}
  bool step(Shard& shard) override;
  uint64_t break_ns() const { return break_; }
  /// Of `end`: the shard still ran the new graph.
  bool still_new() const { return still_new_; }

 private:
  What what_;
  bool still_new_ = false;
  uint64_t break_ = 0;
};

}  // namespace hotclick::core
