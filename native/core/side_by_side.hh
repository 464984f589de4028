/// Older versions of elements that run beside the newest one (`--new-flows-only`): what leads packets to them, what
/// the newest asks about their records, how their records move, and what becomes of their counts when they go.
///
/// Belongs to one ShardGraph. A graph without older versions has none of it on its packet path.
#pragma once
#include <hotclick/abi.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "../state/flow_table.hh"
#include "../state/table_mover.hh"

namespace hotclick::core {

class Node;

class SideBySide {
 public:
  /// Off the path. `older` runs beside `newest` from now on; with `moves` its records move over. `begins`: until this
  /// graph it was the newest itself. False with `error` set when its records cannot move.
  bool add(Node& older, Node& newest, bool moves, bool begins, std::string& error);
  /// Off the path: `older`, which ran beside `newest`, ends with this graph.
  void end(Node& older, Node& newest);

  /// Where packets for an element go: through a dispatcher when older versions of it run.
  hc_push_edge entry(const Node& node, uint32_t port);
  /// Older versions of the element, oldest first.
  const std::vector<Node*>& older(const Node& newest) const;

  /// On the shard, at the swap, after all state has been adopted. `before`: of the graph that ran until now, or null.
  void install(const SideBySide* before, const std::vector<FlowTable*>& tables);
  /// On the shard: the graph before runs again; before its elements take their state back.
  void leave();
  /// On the shard, after that: what `newer` has begun goes back. Flows that only its newest versions know move.
  void take_back(SideBySide& newer, const std::vector<FlowTable*>& tables, bool without_authors);

  /// On the shard: whether records move, and a step of it; false when none are left.
  bool moving() const { return !movers_.empty() || returning(); }
  bool move_records();
  /// On the shard: the authors' functions crash, so records come back without them.
  void leave_authors_out();
  /// Records still come from a graph that has been taken back. Any thread.
  bool returning() const { return returning_.load(std::memory_order_acquire); }
  /// Host, when they do not any more: before that graph goes.
  void forget_returned() { returned_.clear(); }

 private:
  struct Dispatcher {
    Node* newest;
    std::vector<Node*> older;
    static void push(void* object, uint32_t port, hc_batch* batch);
    /// Sends on what an older version knows; the batch keeps the rest.
    static void take_known(Node& version, uint32_t port, hc_batch& batch);
  };
  /// Tables of one name: the newest version's and the older ones'.
  struct Namesakes {
    FlowTable* newest;
    std::vector<FlowTable*> older;
    bool begins;  // the last of `older` gives its name away
  };
  /// A count that is added to another.
  struct Sum {
    uint8_t* to;
    const uint8_t* from;
    uint32_t to_size, from_size;
    bool floating;
    void add(bool back) const;
  };
  Dispatcher* find(const Node& newest) const;
  bool plan_moves(Node& older, Node& newest, std::string& error);
  void plan_return(Node& older, Node& newest);
  static void plan_sums(const Node& from, const Node& to, std::vector<Sum>& sums);
  void link(const std::vector<FlowTable*>& tables);

  std::vector<std::unique_ptr<Dispatcher>> dispatchers_;
  std::vector<std::unique_ptr<Namesakes>> namesakes_;
  std::vector<TableMover> movers_;
  std::vector<Sum> sums_;  // of older versions that end with this graph
  bool installed_ = false;
  // The way back, for versions that begin with this graph: their records and counts go to the older ones.
  std::vector<TableMover> returns_;
  std::vector<Sum> return_sums_;
  std::vector<TableMover> returned_;  // what another graph has left to this one
  std::atomic<bool> returning_{false};
};

}  // namespace hotclick::core
