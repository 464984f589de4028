/// One datapath thread's world: its clock, packets, graph, state, and the loop that runs it.
///
/// Threads. run() belongs to the shard's thread. Everything marked "host" belongs to the host's thread.
/// Between them there is only the command list and the words of the control page.
#pragma once
#include <atomic>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "../state/static_arena.hh"
#include "byte_ring.hh"
#include "command.hh"
#include "fault_guard.hh"
#include "hand_over.hh"
#include "packet_pool.hh"
#include "peer_questions.hh"
#include "shard_graph.hh"
#include "statics/carried.hh"

namespace hotclick::io {
struct Device;
}
namespace hotclick::core {

/// A value of static state that the store gave back.
struct RestoredStatic {
  SchemaCopy schema;
  std::vector<uint8_t> data;
};

/// Pages of a table that the store gave back in one of several layouts.
struct RestoredPart {
  SchemaCopy key, value;
  std::vector<std::pair<uint32_t, std::vector<uint8_t>>> pages;  // number, bytes
};

/// Why a shard itself dropped packets, not one of its elements.
enum class ShardDrop : uint32_t {
  element_gone,  // handed over by another shard to an element that this one does not run any more
  drain_ended,   // still held by a removed element when its time was up
  queue_gone,    // in a queue that the new version of its element does not have
  code_crashed,  // in the hands of new code when that crashed
  count
};

/// The words that JavaScript shares with a shard, in a SharedArrayBuffer of at least 4096 bytes. One cache
/// line for what the loop reads, one for what it writes.
struct ControlPage {
  alignas(64) std::atomic<uint32_t> doorbell;  // raised after a command was put on the list
  std::atomic<uint32_t> stop;                  // not 0: leave the loop for good
  alignas(64) std::atomic<uint64_t> rounds;
  std::atomic<uint64_t> busy_rounds;
  std::atomic<uint64_t> now;
  std::atomic<uint64_t> sleeps;
  std::atomic<uint64_t> free_packets;
  std::atomic<uint32_t> sleeping;
  std::atomic<uint64_t> last_busy;  // clock of the last round in which something was done
  std::atomic<uint64_t> busy_ns;    // time of the busy rounds, what the shard's commands took included
  // Since the last swap, the most that conversion took of a round, ns: of any, and of those without an interruption.
  std::atomic<uint64_t> longest_conversion;
  std::atomic<uint64_t> uninterrupted_conversion;
  std::atomic<uint64_t> drops[static_cast<uint32_t>(ShardDrop::count)];
};
// As engine/datapath/shard-threads.ts reads them.
static_assert(offsetof(ControlPage, rounds) == 64 && offsetof(ControlPage, sleeping) == 104 &&
              offsetof(ControlPage, last_busy) == 112 && offsetof(ControlPage, longest_conversion) == 128 &&
              offsetof(ControlPage, drops) == 144);

/// ns that a removed element may go on until its packets have left.
constexpr uint64_t drain_limit = 5'000'000'000;

enum class Leave : uint32_t { stopped = 0, restart = 1 };

class Instrumentation;
class ImportedShard;

class Shard {
 public:
  /// host. `control` outlives the shard.
  static std::unique_ptr<Shard> create(uint32_t index, uint32_t count, PacketPool& pool, const hc_host& host,
                                       ControlPage& control, ImportedShard* imported, std::string& error);
  ~Shard();

  uint32_t index() const { return face_.index; }
  uint32_t count() const { return face_.count; }
  hc_shard* face() { return &face_; }
  ControlPage& control() { return control_; }

  /// The loop; returns when it is told to stop, or to leave so that the thread can be restarted (see
  /// restart_).
  Leave run();
  /// Busy polling: never sleeps (benchmarks, dedicated cores).
  bool busy_poll = false;

  /// host: puts a command on the list and wakes the shard. The command stays the caller's.
  void post(Command& command);
  /// host: tells the loop to end.
  void stop();
  /// host: called from the shard's thread when commands are done; must not block.
  void (*notify)(void* context) = nullptr;
  void* notify_context = nullptr;
  /// host: takes the finished command that was done first; null when there is none.
  Command* take_finished();
  /// host, while no thread runs the shard: does what is on the list, at the time its clock shows. A command that waits
  /// for what does not come is left after so many steps.
  void run_commands_here(uint32_t most_steps = UINT32_MAX);

  /// The running graph (shard); host may read it while no swap is posted.
  const std::shared_ptr<ShardGraph>& graph() const { return graph_; }
  /// host: the running graph as far as the host has heard; a swap that is posted may be replacing it. Its nodes
  /// live at least until release_previous().
  const std::shared_ptr<ShardGraph>& known_graph() const { return known_graph_; }
  /// host, when it hears that a swap is done and before it posts the next one.
  void learn_graph() { known_graph_ = graph_; }
  /// On the shard: the graph before is kept until release_previous (host). When the upgrade is `watched`, a crash
  /// of element code brings it back, from here on until end_watch().
  void install(std::shared_ptr<ShardGraph>&& next, bool watched = false);
  /// The same between two entries into the loop.
  void install_outside(std::shared_ptr<ShardGraph>&& next, bool watched);
  /// On the shard: from now on a crash is a crash. False when the graph before runs again already.
  bool end_watch();
  /// On the shard: the new graph stays; there is no way back.
  void keep_graph();
  /// On the shard, unless the graph was kept: the one before runs again, with the state as it is now.
  void take_back();
  void release_previous() {
    previous_.reset();
    guard_.forget();
  }
  FaultGuard& guard() { return guard_; }
  /// On the shard: leave the loop at the next boundary with Leave::restart.
  void leave_for_restart() { leave_ = true; }
  /// Addresses of the code and data through which run() is left and entered: words of the stack above it, which do not
  /// change while it runs. For the thread that calls run().
  void set_way_out(std::span<const void* const> words) { way_out_ = words; }
  std::span<const void* const> way_out() const { return way_out_; }
  /// Where everybody can see which revision the shard has installed; null for nobody.
  std::atomic<uint32_t>* installed_revision = nullptr;
  /// On any shard's thread, while all stand still: takes what other shards have handed over; false when there is nothing.
  bool take_handed_over();
  /// On the shard: another engine has the graph's memory and devices now; nothing runs any more.
  void part_with_graph();
  /// The command in work; after Leave::restart, the one that asked for it.
  Command* active_command() const { return active_; }
  /// Monotonic ns of the last entry into the loop.
  uint64_t entered_at() const { return entered_at_; }

  /// Lines for the host. From the shard's thread they go through a ring; `kind` is 'p' (print) or 'l' (log).
  void say(char kind, const Node& node, const char* text, size_t length);
  /// host: the next line, false when there is none. Form: kind, element name, newline, text.
  bool take_line(std::string& line);
  std::atomic<uint64_t> lines_lost{0};

  /// Observers of edges (trace, tap); see observe.hh. Shard's thread.
  Instrumentation* instrumentation = nullptr;

  void set_timer(Node& node, uint32_t id, uint64_t at);
  void request_stop() {
    stop_requested_.store(1, std::memory_order_relaxed);
    to_notify_ = true;
  }
  /// On the shard: a device has other descriptors now.
  void note_changed_files() {
    files_changed.store(true, std::memory_order_relaxed);
    to_notify_ = true;
  }
  std::atomic<bool> files_changed{false};
  bool take_stop_request() { return stop_requested_.exchange(0, std::memory_order_relaxed) != 0; }

  /// host: elements are given devices that do nothing, whatever they open (the trial of new code).
  bool idle_devices = false;
  /// host: another engine has devices of its own for the same things.
  bool beside_another = false;
  // host: devices of this shard, shared by name.
  struct OpenDevice {
    std::string kind, name, options;
    std::shared_ptr<uint8_t> memory;  // its io::DeviceMemory
    io::Device* device;
    uint32_t references;
  };
  hc_device* open_device(Node& node, const char* kind, const char* name, const char* options, char* error);
  void close_device(hc_device* device);
  const std::vector<OpenDevice>& devices() const { return devices_; }
  /// Whether other engines have the same devices open, so that closing must not disturb them.
  void share_devices(bool shared);

  // host: state.
  StaticArena* statics() const { return statics_.get(); }
  std::shared_ptr<SectionPages> section(const std::string& class_name, const std::string& state) const;
  const std::map<std::pair<std::string, std::string>, std::shared_ptr<SectionPages>>& sections() const {
    return sections_;
  }
  std::shared_ptr<SectionPages> pending_section(const std::string& class_name,
                                                const std::string& state) const;
  void add_pending_section(const std::string& class_name, const std::string& state,
                           std::shared_ptr<SectionPages> s);
  void settle_sections(bool commit);
  /// Undeclared statics by class: of the running graph, and of the one that is prepared.
  std::map<std::string, CarriedStatics> carried_statics, pending_statics;
  void settle_statics(bool commit);
  const RestoredStatic* restored_static(const std::string& element, const std::string& state) const;
  std::shared_ptr<FlowTable> restored_table(const std::string& element, const std::string& state);
  std::map<std::string, RestoredStatic> restored_statics;
  std::map<std::string, std::shared_ptr<FlowTable>> restored_tables;
  /// Tables with pages of several layouts: made when the class is there whose functions convert them.
  std::map<std::string, std::vector<RestoredPart>> restored_parts;
  /// What another engine had in this shard, until settle(); null when there was none.
  ImportedShard* imported = nullptr;

  // host sets them before the first run; null when there is no other shard
  HandOver* hand_over = nullptr;
  PeerQuestions* questions = nullptr;
  /// Where packets go that are handed to other shards, when this one only plays its part (Replay); false refuses one.
  bool (*catch_hand_over)(void* context, uint32_t shard, const HandOver::Item& item) = nullptr;
  void* catch_context = nullptr;
  /// Gives a packet to an element of another shard and wakes that shard; false when its ring is full.
  bool hand_to(uint32_t shard, const HandOver::Item& item);
  void wake_if_asleep();
  /// On the shard: counts `n` packets that it drops.
  void count_drops(ShardDrop reason, uint64_t n);
  /// On the shard: drops what a queue holds.
  void drop_all(ShardDrop reason, hc_queue& queue);
  void refresh_clock();
  /// For harnesses that move time by hand: monotonic ns.
  void set_clock(uint64_t now);
  /// One round of tasks and timers; true when something was done. Public for harnesses that drive a shard by
  /// hand.
  bool round();
  /// Fires the timers that are due by the shard's clock.
  void fire_due_timers() {
    if (next_timer_ != 0 && face_.now >= next_timer_) fire_timers();
  }

 private:
  Shard(PacketPool& pool, ControlPage& control) : pool_(pool), control_(control) {}
  Leave loop();
  bool converting_round();
  void recover();
  void return_to_previous(Return how);
  void take_commands();
  void wake();
  void finish(Command& command);
  void fire_timers();
  bool receive_hand_over();
  void send_held();
  void maintain();
  void sleep();

  hc_shard face_ = {};
  PacketPool& pool_;
  ControlPage& control_;
  std::shared_ptr<ShardGraph> graph_, previous_, known_graph_;
  std::shared_ptr<StaticArena> statics_;
  std::vector<uint8_t> scratch_;
  uint8_t* scratch_begin_ = nullptr;
  FaultGuard guard_;
  uint64_t next_timer_ = 0;

  std::atomic<Command*> commands_{nullptr}, finished_{nullptr};
  Command* active_ = nullptr;   // in work over several rounds
  Command* waiting_ = nullptr;  // taken, in order
  Command* taken_ = nullptr;    // host: finished, in order
  uint32_t seen_doorbell_ = 0;
  bool leave_ = false, to_notify_ = false, converting_ = false;
  std::atomic<uint32_t> stop_requested_{0};
  int wake_fd_ = -1;
  uint32_t idle_rounds_ = 0;
  uint64_t entered_at_ = 0;
  std::span<const void* const> way_out_;
  static thread_local Shard* running_here_;  // the shard whose loop the thread is in
  ByteRing lines_{64 << 10};
  std::vector<std::string> host_lines_;
  uint64_t drain_deadline_ = 0;

  std::vector<OpenDevice> devices_;
  using SectionKey = std::pair<std::string, std::string>;
  std::map<SectionKey, std::shared_ptr<SectionPages>> sections_, pending_sections_;
  std::vector<std::shared_ptr<Library>> pinned_;  // old versions that statics still point into
};

}  // namespace hotclick::core
