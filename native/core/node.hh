/// One element of the graph in one shard: its library, its object, its arguments and its state.
///
/// A node is made, configured and given its state by the host's thread while the shard does not know it; from
/// the swap on it belongs to the shard, until the shard has left it again.
#pragma once
#include <hotclick/abi.h>

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "../state/flow_table.hh"
#include "../state/static_arena.hh"
#include "library.hh"
#include "statics/carried.hh"

namespace hotclick::core {

class Shard;
struct RestoredPart;
struct RestoredStatic;

/// What the host asks for: one element of a checked graph.
struct NodeSpec {
  /// An older version that runs beside the element's newest one is named ELEMENT~REVISION, in the graph and in the store;
  /// everything else (messages, packets handed over between shards) calls it ELEMENT.
  std::string name;
  std::string class_name;
  std::vector<std::string> arguments;
  uint32_t inputs = 0, outputs = 0;
  std::shared_ptr<ElementVersion> version;
};

/// The packets of a queue state: a block of the arena, the queue with its ring behind it.
struct QueueBlock {
  std::shared_ptr<uint8_t> memory;
  uint32_t slots = 0;
  hc_queue& queue() const { return *reinterpret_cast<hc_queue*>(memory.get()); }
  hc_packet** ring() const { return reinterpret_cast<hc_packet**>(memory.get() + sizeof(hc_queue)); }
  static uint64_t bytes(uint32_t slots) { return sizeof(hc_queue) + uint64_t{slots} * sizeof(hc_packet*); }
  /// Null when the arena is full.
  static std::shared_ptr<QueueBlock> create(StaticArena& arena, uint32_t capacity);
};

/// A declared state of a node with its memory. Exactly one of block, table, queue, section, image is set.
struct StateBinding {
  const hc_state* declaration = nullptr;
  std::string name;
  SchemaCopy schema, key;
  std::shared_ptr<uint8_t> block;
  std::shared_ptr<FlowTable> table;
  std::shared_ptr<QueueBlock> queue;
  std::shared_ptr<SectionPages> section;
  uint8_t* image = nullptr;  // undeclared statics, in the library itself
};

/// Work that adoption leaves for the moment of the swap. Everything else was done before.
struct StateChange {
  StateBinding* from = nullptr;
  StateBinding* to = nullptr;
  std::shared_ptr<Conversion> conversion;   // static state and sections
  std::unique_ptr<PreparedLayout> layout;   // tables
  std::shared_ptr<Conversion> back;         // what takes the state back while the upgrade is watched
  std::shared_ptr<SectionPages> old_pages;  // sections: what `conversion` reads
  std::vector<uint8_t> initial;  // static state of a version that starts beside `from`'s: its defaults
  bool done = false;
};

/// What a new instance takes from the one before it.
enum class Inherit {
  state,    // everything: it takes its place
  settings  // static state but for counts: it starts beside it
};

/// How an upgrade is taken back.
enum class Return {
  ordered,  // because somebody said so: both versions work
  fault,    // the newer version crashed: packets that only it holds are lost
  bare      // and the way back crashed as well: without the author's functions
};

struct NodeError {
  std::string message;
  uint32_t argument = UINT32_MAX;  // which argument was wrong
};

class Node {
  // What a swap touches stands together: of fifty elements it fits into the first level of the caches.
 public:
  hc_instance instance = {};
  const hc_descriptor* descriptor = nullptr;
  uint32_t graph_index = 0;
  bool task_active = false;
  bool adopted = false;
  bool draining = false;
  bool installed = false;               // a shard has run it
  bool resting = false;                 // another instance has taken its place
  bool replaced = false;                // it runs again and has still to be told
  uint64_t timers[HC_MAX_TIMERS] = {};  // monotonic ns; 0 = off
  /// A block of the arena: packets sent to an output that leads nowhere, then one counter for each drop reason.
  std::shared_ptr<uint8_t> counters;

 private:
  bool has_adopted_ = false, has_statics_ = false, task_before_rest_ = false;
  uint64_t timers_before_rest_[HC_MAX_TIMERS] = {};
  std::vector<StateChange> changes_;
  std::shared_ptr<uint8_t> counters_before_;  // the predecessor's, until they are added up
  /// Drop reasons that the predecessor counts too: here, there.
  std::vector<std::pair<uint32_t, uint32_t>> same_drops_;
  StaticsTakeover takeover_;
  std::vector<hc_queue*> queues_left_;  // the predecessor's that this version has not

  template <typename Visit>
  void visit_swapped(Visit visit) const {
    const auto* end = reinterpret_cast<const char*>(&name);  // the first member that a swap does not touch
    visit(this, static_cast<size_t>(end - reinterpret_cast<const char*>(this)));
    visit(counters.get(), sizeof(uint64_t));
  }

 public:
  /// Made and configured, state created or shared with `old` (the instance it will take over from or start
  /// beside, or null), and initialised. Null with `error` set; nothing was changed then.
  static std::shared_ptr<Node> create(const NodeSpec& spec, Shard& shard, const std::shared_ptr<Node>& old,
                                      Inherit inherit, NodeError& error);
  /// Whether the class takes these arguments; nothing is opened and no state is made.
  static bool takes_arguments(const NodeSpec& spec, Shard& shard, NodeError& error);
  ~Node();
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  /// On the shard, at the swap: takes over what could not be shared before. While the upgrade is `watched` the
  /// predecessor stays able to take it back.
  void adopt_state(bool watched);
  /// Calls visit(memory, bytes) for what adopt_state() will touch.
  template <typename Visit>
  void each_adopted(Visit visit) const {
    visit_swapped(visit);
    if (adopted_from_) adopted_from_->visit_swapped(visit);
    if (changes_.empty()) return;
    visit(changes_.data(), changes_.size() * sizeof(StateChange));
    visit(states.data(), states.size() * sizeof(StateBinding));
    for (const StateChange& c : changes_) {
      visit(c.from, sizeof(StateBinding));
      visit(c.to->declaration, sizeof(hc_state));
      visit(reinterpret_cast<const void*>(c.to->declaration->member), 1);
      if (c.layout) {
        visit(c.layout.get(), sizeof(PreparedLayout));
        visit(c.layout->layout.get(), sizeof(TableLayout));
      }
      if (c.to->table) {
        visit(c.to->table.get(), sizeof(FlowTable));
        visit(c.to->table->head(), sizeof(TableHead));
      }
    }
  }
  /// On the shard: the predecessor gets its state back as it is now. May be called again when it was interrupted.
  void hand_back(Return how);
  /// On the shard: the predecessor will not run again, so what waits in queues that this version has not is lost.
  void drop_queues_left();
  /// On the shard: no task and no timer from now on; resume() puts both back.
  void rest();
  void resume();

  std::string name, class_name, version;
  std::vector<std::string> arguments;
  std::vector<StateBinding> states;
  /// The library's undeclared statics, when the store can keep them.
  StateBinding undeclared;
  uint64_t& unconnected() const { return *reinterpret_cast<uint64_t*>(counters.get()); }
  uint64_t* drops() const { return &unconnected() + 1; }
  std::vector<hc_device*> devices;

  Shard& shard() const { return *shard_; }
  const Library& library() const { return *library_; }
  /// Keeps the library loaded.
  std::shared_ptr<Library> share_library() const { return library_; }
  /// Host: its code has crashed, so nothing of it is called any more, not even to destroy the object.
  void condemn() { condemned_ = true; }
  const hc_handler* find_handler(const std::string& handler) const;
  /// Reads one of its handlers; not 0 with the message in `error` when that failed.
  int read(const hc_handler& handler, const hc_string& parameter, hc_text& out, char* error) const;
  /// Packets that wait in queues or in the element's own storage.
  uint64_t held_packets() const;
  StateBinding* find_state(const std::string& state);
  /// Host, before a shard has run it: what the store gave back has become this since. False with `error` set when it
  /// does not fit.
  bool renew(StateBinding& b, const RestoredStatic& value, std::string& error);
  bool renew(StateBinding& b, const RestoredPart& pages, std::string& error);
  const std::string& stored_name() const { return stored_name_; }
  /// host, before the swap: the layout that the swap gives to a table; null when it keeps the one it has.
  const PreparedLayout* coming_layout(const StateBinding& b) const;

 private:
  Node() = default;
  static std::shared_ptr<Node> construct(const NodeSpec& spec, Shard& shard, NodeError& error);
  bool assign_arguments(NodeError& error);
  bool bind_states(Shard& shard, Node* old, NodeError& error);
  bool bind_static(StateBinding& b, Shard& shard, StateBinding* old, std::string& error);
  bool bind_table(StateBinding& b, StateBinding* old, std::string& error);
  bool load_parts(StateBinding& b, const TableLayout& layout, uint32_t capacity, std::string& error);
  bool bind_queue(StateBinding& b, Shard& shard, StateBinding* old, std::string& error);
  bool bind_section(StateBinding& b, Shard& shard, std::string& error);
  bool bind_undeclared(ElementVersion& version, Shard& shard, std::string& error);
  void restore_undeclared(Shard& shard);
  void match_drops(const Node* old);
  void find_queues_left();
  bool recover_table(StateBinding& b, StateBinding& lost, const TableLayout& ours, std::string& error);
  static void begin_counts(StateBinding& b, const uint8_t* initial);
  std::shared_ptr<Conversion> plan_conversion(StateBinding& b, const SchemaCopy& from, std::string& error);
  std::shared_ptr<Conversion> plan_way_back(const StateBinding& b, const SchemaCopy& to) const;

  std::string stored_name_;  // in what the store gave back
  std::shared_ptr<Library> library_;
  std::shared_ptr<Node> adopted_from_;  // until the swap is done
  bool beside_ = false;                 // `adopted_from_` goes on, and only settings are taken from it
  void* memory_ = nullptr;
  Shard* shard_ = nullptr;
  std::deque<std::string> strings_;  // what hc_string members point at
  bool condemned_ = false;
  void forget_predecessor() {
    adopted_from_.reset();
    changes_.clear();  // and with them the way back, which keeps the library before
    takeover_ = StaticsTakeover();
    counters_before_.reset();
    queues_left_.clear();
  }
  friend class ShardGraph;
  friend class SideBySide;
};

}  // namespace hotclick::core
