/// The gap of a transfer, seen from both sides: the giver's shards stop together, the successor's go on together.
///
/// Whoever moves the board's phase on last has decided: the giver from running, sealed, taken or opened to withdrawn,
/// the successor from opened to given. Nothing before `given` changes what the giver needs to go on.
#pragma once
#include <atomic>
#include <memory>
#include <vector>

#include "../command.hh"
#include "../engine_core.hh"

namespace hotclick::core {

/// What the shards of the giver have in common.
struct HandOut {
  /// host; `patience` in ns.
  static std::shared_ptr<HandOut> begin(EngineCore& engine, uint64_t patience);
  EngineCore& engine;
  uint64_t deadline;  // monotonic ns
  std::atomic<const char*> failure{nullptr};
  std::atomic<uint32_t> ready{0};           // shards that are about to stop
  std::vector<std::atomic<pid_t>> threads;  // by shard, of those that are ready; 0 of others
  bool given() const { return engine.board().phase() == Board::Phase::given; }
};

/// In the giver, one for each shard: leaves the graph to the successor when all its shards wait, or goes on.
class HandOutCommand : public Command {
 public:
  explicit HandOutCommand(std::shared_ptr<HandOut> all) : all_(std::move(all)) {}
  bool step(Shard& shard) override;
  const HandOut& all() const { return *all_; }

 private:
  void get_ready(Shard& shard);
  void stand_still(Shard& shard);
  void wait_for_decision(Shard& shard);
  void seal();
  void withdraw(const char* why);

  std::shared_ptr<HandOut> all_;
  bool ready_ = false;
};

/// In the successor, one for each shard: waits for the giver, then installs the graph.
class TakeOverCommand : public Command {
 public:
  TakeOverCommand(EngineCore& engine, std::shared_ptr<ShardGraph> next)
      : engine_(engine), next_(std::move(next)) {}
  bool step(Shard& shard) override;

  /// Null when the shard runs.
  const char* failure() const { return failure_; }
  /// Monotonic ns of the last packet in the giver, and ns from there to the first round here.
  uint64_t begin() const { return begin_; }
  uint64_t break_ns() const { return break_; }

 private:
  bool fail(Shard& shard, const char* why);

  EngineCore& engine_;
  std::shared_ptr<ShardGraph> next_;
  const char* failure_ = nullptr;
  uint64_t begin_ = 0, break_ = 0;
  bool waits_ = false, installed_ = false;
};

}  // namespace hotclick::core
