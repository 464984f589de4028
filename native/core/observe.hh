/// Watching packets between elements: traces (packets that match a filter, through all elements) and taps
/// (all packets of one edge). An observed edge is an edge with a probe put before its target; nothing is
/// spent when nobody watches.
#pragma once
#include <hotclick/abi.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "byte_ring.hh"
#include "command.hh"
#include "shard_graph.hh"

namespace hotclick::core {

/// One trace or tap in one shard. Events go to the ring as: `TraceEvent` or `TapEvent`, then the frame's
/// first bytes.
class Observer {
 public:
  enum class Kind : uint8_t { trace = 't', tap = 'p' };
  struct Event {
    uint64_t time;    // ns since the epoch
    uint32_t packet;  // number of the packet in the trace
    uint32_t length;  // of the frame
    uint16_t from_port, to_port;
    uint8_t kind;  // 'h' passed from one element to the next, 'd' dropped, 'e' left by an open output
    uint8_t shard;
    uint16_t reason;  // of a drop
    char from[48], from_version[16], to[48], reason_text[40];
  };

  /// A trace of at most `limit` packets that match `filter` (null = all). Takes the filter over.
  static std::shared_ptr<Observer> trace(hc_classifier* filter, uint32_t limit, uint32_t snap);
  /// A tap of output (or, for pull, input) `port` of `element`.
  static std::shared_ptr<Observer> tap(const std::string& element, uint32_t port, bool input, uint32_t snap);
  ~Observer();

  bool take(std::string& event) { return ring_.take(event); }
  uint64_t lost() const { return lost_.load(std::memory_order_relaxed); }

  void see(const Node& from, uint32_t from_port, const Node* to, uint32_t to_port, hc_packet* const* packets,
           uint32_t n);
  void see_drop(const Node& node, uint32_t reason, hc_packet* const* packets, uint32_t n);
  bool watches(const Node& from, uint32_t port, const Node* to, uint32_t to_port) const;

 private:
  Observer() = default;
  bool follow(const hc_packet& p);
  void emit(Event& event, const hc_packet& p);

  Kind kind_ = Kind::trace;
  hc_classifier* filter_ = nullptr;
  uint32_t left_ = 0, next_id_ = 1, snap_ = 128;
  std::string element_;
  uint32_t port_ = 0;
  bool input_ = false;
  ByteRing ring_{1 << 20};
  std::atomic<uint64_t> lost_{0};
};

/// The edges of a graph with probes for a set of observers. Made off the path.
class Instrumentation {
 public:
  Instrumentation(std::shared_ptr<ShardGraph> graph, std::vector<std::shared_ptr<Observer>> observers);
  /// On the shard; `on` false puts the graph's own edges back.
  void apply(Shard& shard, bool on);
  const std::vector<std::shared_ptr<Observer>>& observers() const { return observers_; }
  const std::shared_ptr<ShardGraph>& graph() const { return graph_; }

 private:
  struct Probe {
    Instrumentation* owner;
    const Node* from;
    const Node* to;
    uint32_t from_port;
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
