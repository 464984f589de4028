/// Watching packets between elements. An observed edge is an edge with a probe put before its target; nothing is
/// spent when nobody watches.
#pragma once
#include <hotclick/abi.h>

#include <memory>
#include <vector>

#include "command.hh"
#include "shard_graph.hh"

namespace hotclick::core {

/// Packets on their way from one element to another.
struct Passage {
  const Node& from;
  uint32_t from_port;
  const Node* to;  // null: the output leads nowhere
  uint32_t to_port;
  bool pulled;   // `to` asked for them
  uint32_t max;  // pulled: for so many
};

/// Somebody who watches edges of one shard. All but the constructor runs on the shard.
class Observer {
 public:
  virtual ~Observer() = default;
  /// Off the path: whether this edge needs a probe.
  virtual bool watches(const Node& from, uint32_t port, const Node* to, uint32_t to_port) const = 0;
  virtual bool watches_drops() const { return false; }
  /// Before packets are pushed, or after they were pulled.
  virtual void see(const Passage& passage, hc_packet* const* packets, uint32_t n) = 0;
  virtual void see_drop(const Node&, uint32_t, hc_packet* const*, uint32_t) {}
  /// What another shard hands over comes over no edge.
  virtual void see_arrival(const Node&, uint32_t, hc_packet* const*, uint32_t) {}
};

/// The edges of a graph with probes for a set of observers. Made off the path.
class Instrumentation {
 public:
  /// A probe as the host reads it while the shard counts: the number is old at worst.
  struct EdgeCount {
    const Node* from;
    const Node* to;
    uint32_t from_port;
    uint64_t packets;
  };
  Instrumentation(std::shared_ptr<ShardGraph> graph, std::vector<std::shared_ptr<Observer>> observers);
  /// On the shard; `on` false puts the graph's own edges back.
  void apply(Shard& shard, bool on);
  /// On the shard: packets that another one has handed over.
  void see_arrival(const Node& to, uint32_t port, const hc_batch& batch) {
    for (const auto& o : observers_) o->see_arrival(to, port, batch.packets, batch.count);
  }
  const std::vector<std::shared_ptr<Observer>>& observers() const { return observers_; }
  const std::shared_ptr<ShardGraph>& graph() const { return graph_; }
  std::vector<EdgeCount> counts() const;

 private:
  struct Probe {
    Instrumentation* owner;
    const Node* from;
    const Node* to;
    uint32_t from_port;
    uint64_t packets;
    hc_push_edge push;
    hc_pull_edge pull;
    std::vector<Observer*> observers;
  };
  static void push_through(void* object, uint32_t port, hc_batch* batch);
  static uint32_t pull_through(void* object, uint32_t port, hc_batch* batch, uint32_t max);
  void probe_node(const Node& node, uint32_t index);

  std::shared_ptr<ShardGraph> graph_;
  std::vector<std::shared_ptr<Observer>> observers_;
  std::vector<hc_push_edge> push_;
  std::vector<hc_pull_edge> pull_;
  std::vector<std::unique_ptr<Probe>> probes_;
};

/// Switches a shard's graph to other edges: `next` null takes the probes away. Does nothing when the graph
/// has changed since the instrumentation was made (the host then makes a new one).
class ObserveCommand : public Command {
 public:
  explicit ObserveCommand(std::shared_ptr<Instrumentation> next) : next_(std::move(next)) {}
  bool step(Shard& shard) override;

 private:
  std::shared_ptr<Instrumentation> next_;
};

}  // namespace hotclick::core
