/// The graph as one shard runs it: its nodes and, in flat arrays, the edges between them. A change of the
/// graph, of a library or of arguments is always a new ShardGraph, built beside the running one and installed
/// in one go.
#pragma once
#include <poll.h>

#include <atomic>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "node.hh"
#include "side_by_side.hh"

namespace hotclick::core {

/// A connection of a checked graph, by index of its nodes.
struct EdgeSpec {
  uint32_t from = 0, from_port = 0, to = 0, to_port = 0;
  bool push = true;
};

/// What becomes of one element of the new graph.
struct NodePlan {
  NodeSpec spec;
  std::string predecessor;  // element of the running graph whose place it takes; empty = it starts afresh
  bool keep = false;        // the predecessor's instance itself goes on
  bool fresh = false;       // it starts beside the predecessor, which goes on as an older version
  std::string newest;       // an older version: the element of this plan, further up, that it runs beside
  bool moves = false;       // an older version: its records move to the newest
};

struct GraphError {
  std::string element;
  std::string message;
  uint32_t argument = UINT32_MAX;
};

class ShardGraph {
 public:
  /// Off the path. Null with `error` set; the running graph was not touched then.
  static std::shared_ptr<ShardGraph> build(Shard& shard, const std::vector<NodePlan>& plan,
                                           const std::vector<EdgeSpec>& edges,
                                           const std::shared_ptr<ShardGraph>& running, GraphError& error);

  /// On the shard, at a batch boundary: state is adopted, edges are switched, removed elements start to
  /// drain. When it is `watched` the running graph stays able to take everything back.
  void install(ShardGraph* running, bool watched);
  /// On the shard: this graph runs again in place of `newer`, which had replaced it, wholly or in part. Its
  /// elements are the ones that ran before, with the state as it is now. O(1) but for changed layouts.
  void reinstate(ShardGraph& newer, Return how);
  /// The first element whose library has code at that address; null when none has. Any thread, also in a signal
  /// handler.
  const Node* find_code(uintptr_t address) const;

  /// Drains and instrumented edges may refer to the graph before: true while that one must stay.
  bool draining() const { return drains_.load(std::memory_order_acquire); }
  /// On the shard: lets drained elements go; `force` ends the wait, and after a crash they are asked nothing.
  void check_draining(bool force, bool crashed = false);
  /// After the install was seen by the host: predecessors may be freed.
  void forget_predecessors();

  uint32_t revision = 0;  // number of the prepared revision that it belongs to
  const std::vector<std::shared_ptr<Node>>& nodes() const { return nodes_; }
  /// Removed elements that still run.
  const std::vector<Node*>& draining_nodes() const { return draining_; }
  /// By its name in this graph. The name of an element is that of its newest version.
  Node* find(std::string_view name) const;
  const std::string& name_of(uint32_t node) const { return names_[node]; }
  SideBySide& versions() { return versions_; }
  const SideBySide& versions() const { return versions_; }
  std::vector<Node*>& tasks() { return tasks_; }
  const std::vector<FlowTable*>& tables() const { return tables_; }
  std::vector<pollfd>& poll_fds() { return poll_fds_; }
  bool other_tasks() const { return other_tasks_; }

  /// Calls visit(memory, bytes) for what install() will touch of a graph itself, be it the new or the running one.
  template <typename Visit>
  void each_array(Visit visit) const {
    const auto all = [&visit](const auto&... arrays) {
      (visit(arrays.data(), std::span(arrays).size_bytes()), ...);
    };
    visit(this, sizeof(*this));
    all(nodes_, push_at_, pull_at_, push_, pull_, push_target_, successor_);
  }

  /// The edges as they were linked, for those who put something between (see observe.hh).
  const std::vector<hc_push_edge>& push_edges() const { return push_; }
  const std::vector<hc_pull_edge>& pull_edges() const { return pull_; }
  uint32_t push_begin(uint32_t node) const { return push_at_[node]; }
  uint32_t pull_begin(uint32_t node) const { return pull_at_[node]; }
  /// The node behind an edge; null when it is not connected.
  const Node* push_target(uint32_t edge) const { return push_target_[edge]; }
  const Node* pull_source(uint32_t edge) const { return pull_source_[edge]; }
  /// On the shard: all nodes use these edges (arrays as long as the graph's own); null = the graph's own.
  void use_edges(const hc_push_edge* push, const hc_pull_edge* pull);

 private:
  /// Pulls from a removed queue until it is empty, then from its successor.
  struct DrainPull {
    hc_pull_edge before, after;
    static uint32_t pull(void* object, uint32_t port, hc_batch* batch, uint32_t max);
  };
  void link(const std::vector<EdgeSpec>& edges);
  void start_draining(ShardGraph& running);

  bool add_node(Shard& shard, const NodePlan& plan, ShardGraph* running, GraphError& error);
  bool add_older(const NodePlan& plan, ShardGraph* running, GraphError& error);
  void end_older(ShardGraph& running);

  std::vector<std::shared_ptr<Node>> nodes_;
  std::vector<std::string> names_;
  std::vector<Node*> newest_;  // for each node that is an older version, the newest; null for the others
  SideBySide versions_;
  std::vector<uint32_t> push_at_, pull_at_;
  std::vector<hc_push_edge> push_;
  std::vector<hc_pull_edge> pull_;
  std::vector<Node*> push_target_, pull_source_;
  std::vector<DrainPull> drain_pulls_;  // one for each pull input, used when needed
  std::vector<Node*> tasks_, draining_;
  std::vector<FlowTable*> tables_;
  std::atomic<bool> drains_{false};
  // For each node of the running graph: who takes its place, and whether it goes on itself.
  std::vector<Node*> successor_;
  std::vector<bool> stays_;
  // For each node: whose place it takes, and whether it went on itself.
  std::vector<Node*> predecessor_;
  std::vector<bool> stayed_;
  std::vector<Node*> spare_tasks_, spare_draining_;  // for the running graph, when it runs again
  bool left_ = false;                                // the graph before runs again
  std::vector<pollfd> poll_fds_;
  bool other_tasks_ = false;  // tasks that no descriptor wakes
};

}  // namespace hotclick::core
