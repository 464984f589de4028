/// An engine without Node: the packet pool, the shards, and the making of revisions.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "fault_watch.hh"
#include "hand_over.hh"
#include "packet_pool.hh"
#include "shard.hh"
#include "transfer/board.hh"
#include "transfer/import.hh"

namespace hotclick::core {

/// A graph for every shard, built and not yet installed.
struct PreparedRevision {
  uint32_t number = 0;  // as the board shows it
  std::vector<std::shared_ptr<ShardGraph>> graphs;
};

class EngineCore {
 public:
  /// `control` has one page of 4096 bytes for each shard and outlives the engine. With `import` the engine goes on with
  /// another one's memory and devices (and its number of packets).
  static std::unique_ptr<EngineCore> create(uint32_t shards, uint32_t packets, uint8_t* control,
                                            std::unique_ptr<TransferImport> import, std::string& error);

  uint32_t shards() const { return static_cast<uint32_t>(shards_.size()); }
  Shard& shard(uint32_t i) { return *shards_[i]; }
  PacketPool& pool() { return *pool_; }
  HandOver* hand_over() { return hand_over_.get(); }
  Board& board() { return board_; }
  /// Null when the engine has begun with nothing, or needs nothing of it any more.
  TransferImport* import() { return import_.get(); }
  /// The graphs that prepare() made last, one a shard, as long as somebody has them.
  const std::vector<std::weak_ptr<ShardGraph>>& last_prepared() const { return last_prepared_; }
  /// host: true once after regions or devices have changed.
  bool take_region_change();

  /// Whether the elements that would be new take their arguments; false with `error` set. Nothing is opened and no
  /// state is made.
  bool try_configure(const std::vector<NodePlan>& plan, GraphError& error);
  /// Builds graphs for all shards; null with `error` set, and nothing was changed then.
  std::unique_ptr<PreparedRevision> prepare(const std::vector<NodePlan>& plan,
                                            const std::vector<EdgeSpec>& edges, GraphError& error);
  /// After every shard has installed it: lets go of what it replaced. False while something still drains.
  bool settle(const PreparedRevision& revision);
  /// From the first watched install until settle() or abandon(): crashes of element code, and loops of more than
  /// `loop_limit` ns, lead to the graph before.
  void begin_watch(uint64_t loop_limit);
  /// After every shard has gone back from it: lets go of the revision. False while something of it still drains
  /// or converts state.
  bool abandon(const PreparedRevision& revision);
  /// Lets go of what tables no longer need since their records were converted: the memory, and the library
  /// whose functions converted them.
  void release_retired();
  /// Instead of installing it.
  void discard();

 private:
  EngineCore() = default;
  std::unique_ptr<TransferImport> import_;
  Board board_;
  std::unique_ptr<PacketPool> pool_;
  std::unique_ptr<HandOver> hand_over_;
  std::unique_ptr<PeerQuestions> questions_;
  std::vector<std::unique_ptr<Shard>> shards_;
  std::vector<std::weak_ptr<ShardGraph>> last_prepared_;
  uint32_t last_revision_ = 0;
  bool regions_changed_ = false;
  std::unique_ptr<FaultWatch> watch_;
};

}  // namespace hotclick::core
