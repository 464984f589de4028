/// The graph as one shard runs it: its nodes and, in flat arrays, the edges between them. A change of the
/// graph, of a library or of arguments is always a new ShardGraph, built beside the running one and installed
/// in one go.
#pragma once
#include <poll.h>

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "node.hh"

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
  /// drain.
  void install(ShardGraph* running);

  /// Drains and instrumented edges may refer to the graph before: true while that one must stay.
  bool draining() const { return drains_.load(std::memory_order_acquire); }
  /// On the shard: lets drained elements go; `force` ends the wait.
  void check_draining(bool force);
  /// After the install was seen by the host: predecessors may be freed.
  void forget_predecessors();

  uint32_t revision = 0;  // number of the prepared revision that it belongs to
  const std::vector<std::shared_ptr<Node>>& nodes() const { return nodes_; }
  Node* find(std::string_view name) const;
  std::vector<Node*>& tasks() { return tasks_; }
  const std::vector<FlowTable*>& tables() const { return tables_; }
  std::vector<pollfd>& poll_fds() { return poll_fds_; }
  bool other_tasks() const { return other_tasks_; }

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

  std::vector<std::shared_ptr<Node>> nodes_;
  std::vector<uint32_t> push_at_, pull_at_;
  std::vector<hc_push_edge> push_;
  std::vector<hc_pull_edge> pull_;
  std::vector<Node*> push_target_, pull_source_;
  std::vector<DrainPull> drain_pulls_;  // one for each pull input, used when needed
  std::vector<Node*> tasks_, draining_;
  std::vector<FlowTable*> tables_;
  std::atomic<bool> drains_{false};
  std::vector<Node*> successor_;  // for each node of the running graph: who takes its place
  std::vector<pollfd> poll_fds_;
  bool other_tasks_ = false;  // tasks that no descriptor wakes
};

}  // namespace hotclick::core
