/// Copies what changed since the last time out of a shard, a few pages a round, so that no packet waits for
/// the store.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "../core/command.hh"
#include "../core/shard_graph.hh"

namespace hotclick::core {

class PublishCommand : public Command {
 public:
  struct Entry {
    const std::string* element;  // valid while `graph()` is held
    const StateBinding* state;
    uint32_t page;          // tables
    uint32_t offset, size;  // in data()
  };
  /// `room` is how many bytes one command may carry.
  PublishCommand(std::shared_ptr<ShardGraph> graph, size_t room);
  bool step(Shard& shard) override;
  void interrupted() override { stale_ = true; }

  const std::shared_ptr<ShardGraph>& graph() const { return graph_; }
  const std::vector<Entry>& entries() const { return entries_; }
  const uint8_t* data() const { return data_.get(); }
  /// There are more dirty pages than fitted.
  bool more() const { return more_; }
  /// The graph had changed: nothing was published.
  bool stale() const { return stale_; }
  /// ns that the shard spent on it, and the longest single step.
  uint64_t spent_ns() const { return spent_; }
  uint64_t longest_ns() const { return longest_; }

 private:
  bool publish(Shard& shard);
  void add_static(const std::string& element, const StateBinding& binding);
  bool is_published(const uint8_t* image) const;
  void add_statics();

  std::shared_ptr<ShardGraph> graph_;
  std::unique_ptr<uint8_t[]> data_;
  size_t room_, used_ = 0;
  std::vector<Entry> entries_;
  size_t node_ = 0, state_ = 0;
  uint32_t cursor_ = 0;
  bool begun_ = false, more_ = false, stale_ = false;
  uint64_t spent_ = 0, longest_ = 0;
};

}  // namespace hotclick::core
