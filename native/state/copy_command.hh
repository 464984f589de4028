/// Copies the state of some elements of a shard as it is at one instant, and lets the capture of their packets begin
/// at the same one. Tables are copied a few pages a round, so that no packet waits.
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "../core/command.hh"
#include "../core/packet_capture.hh"
#include "../core/shard_graph.hh"
#include "table_copy.hh"

namespace hotclick::core {

class CopyCommand : public Command {
 public:
  struct State {
    const StateBinding* binding;  // valid while `graph()` is held
    std::vector<uint8_t> bytes;   // of a static state or section
    std::unique_ptr<TableCopy> table;
  };
  struct Element {
    const Node* node;
    std::shared_ptr<PacketCapture> capture;
    std::vector<State> states;
    uint64_t timers[HC_MAX_TIMERS];
  };

  /// host: null when there is no memory. Elements that the graph does not have are left out.
  static std::unique_ptr<CopyCommand> create(std::shared_ptr<ShardGraph> graph,
                                             const std::vector<std::shared_ptr<PacketCapture>>& captures);
  bool step(Shard& shard) override;

  const std::shared_ptr<ShardGraph>& graph() const { return graph_; }
  const std::vector<Element>& elements() const { return elements_; }
  /// The graph had changed: nothing was copied.
  bool stale() const { return stale_; }
  // The shard at that instant.
  uint64_t now() const { return now_; }
  uint64_t wall_offset() const { return wall_offset_; }
  uint64_t random() const { return random_; }
  /// ns that the shard spent on it, and the longest single step.
  uint64_t spent_ns() const { return spent_; }
  uint64_t longest_ns() const { return longest_; }

 private:
  explicit CopyCommand(std::shared_ptr<ShardGraph> graph) : graph_(std::move(graph)) {}
  bool copy(Shard& shard);
  void finish(Shard& shard);

  std::shared_ptr<ShardGraph> graph_;
  std::vector<Element> elements_;
  uint32_t rounds_ = 0;
  bool stale_ = false;
  uint64_t now_ = 0, wall_offset_ = 0, random_ = 0, spent_ = 0, longest_ = 0;
};

}  // namespace hotclick::core
