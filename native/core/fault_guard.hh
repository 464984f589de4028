/// What lets a shard survive a crash in element code: while an upgrade is watched, a fault leads back to the
/// shard's loop, which then runs the graph before again (see Shard::recover).
///
/// The loop sets its recovery point once for each entry. Nothing is done for each batch.
#pragma once
#include <atomic>
#include <csetjmp>
#include <csignal>
#include <cstdint>
#include <memory>
#include <vector>

namespace hotclick::core {

class PacketPool;
class ShardGraph;

/// What was seen in the moment of a fault. Taken in a signal handler, made sense of later (see fault_report.hh).
struct FaultEvidence {
  static constexpr uint32_t most_frames = 48, most_words = 2048, most_bytes = 64;
  int signal = 0;        // 0: the code was interrupted because it did not come to its end
  uint64_t at = 0;       // monotonic ns
  uint64_t back_at = 0;  // when the graph before ran again
  uintptr_t address = 0, pc = 0, sp = 0;
  uint32_t registers = 0, frames = 0, words = 0, packet_bytes = 0;
  uint32_t packet_length = 0;  // 0: no packet is known
  uintptr_t register_values[40];
  void* frame_addresses[most_frames];  // from the function that crashed outwards
  uintptr_t stack[most_words];         // from `sp` on
  uint8_t packet_head[most_bytes];
};

class FaultGuard {
 public:
  enum class Stage : uint32_t {
    off,        // a fault is not ours
    watching,   // a new graph runs, the one before is at hand
    returning,  // the graph before takes its state back, which may call into the new code
    returned    // it runs; state may still be converted by the new code
  };

  /// On the shard's thread: from now on faults in it are looked at; leave_thread() ends that.
  void enter_thread(const PacketPool& pool, uint32_t shard);
  void leave_thread();

  /// Where a fault leads to: `if (sigsetjmp(guard.point, 0) == 0) …`, by a function that is still active then.
  sigjmp_buf point;
  /// On the shard: whether faults may jump to `point`.
  void set_inside(bool inside) { inside_.store(inside, std::memory_order_relaxed); }

  /// On the shard, before the new graph is installed.
  void watch(std::shared_ptr<ShardGraph> newer, std::shared_ptr<ShardGraph> older);
  /// On the shard: there is nothing to go back to any more.
  void end() { set_stage(Stage::off); }
  void set_stage(Stage stage) { stage_.store(stage, std::memory_order_release); }
  Stage stage() const { return stage_.load(std::memory_order_acquire); }
  const std::shared_ptr<ShardGraph>& newer() const { return newer_; }
  const std::shared_ptr<ShardGraph>& older() const { return older_; }
  /// Host, when the stage is off.
  void forget();

  /// On the shard: the core itself waits in a call that element code has made.
  void set_waiting(bool waiting) { waiting_.store(waiting, std::memory_order_relaxed); }

  /// In the signal handler. Both return when the fault is not ours, or when there is nothing to interrupt.
  void crashed(int signal, const siginfo_t* info, void* context);
  void interrupted(void* context);

  /// Host or watching thread.
  int32_t thread() const { return tid_.load(std::memory_order_acquire); }
  clockid_t cpu_clock() const { return cpu_clock_; }
  bool inside() const { return inside_.load(std::memory_order_relaxed); }
  /// Says how often the round was found not to move; see may_interrupt.
  void set_attempts(uint32_t attempts) { attempts_.store(attempts, std::memory_order_relaxed); }

  /// Host: what happened, once; null when nothing did.
  FaultEvidence* take_evidence();
  /// On the shard, when it has recovered.
  void offer_evidence(uint64_t back_at);

 private:
  bool is_of_newer_alone(uintptr_t pc) const;
  bool may_interrupt(uintptr_t pc) const;
  void gather(int signal, uintptr_t address, void* context);
  void take_stack(uintptr_t sp);
  void take_packet();
  [[noreturn]] void jump();

  std::atomic<Stage> stage_{Stage::off};
  std::atomic<bool> inside_{false}, waiting_{false};
  std::atomic<int32_t> tid_{0};
  std::atomic<uint32_t> attempts_{0};
  clockid_t cpu_clock_ = 0;
  std::shared_ptr<ShardGraph> newer_, older_;
  const PacketPool* pool_ = nullptr;
  uint32_t shard_ = 0;
  uintptr_t loop_frame_ = 0;
  std::vector<uint8_t> signal_stack_;
  stack_t stack_before_ = {};
  bool gathering_ = false, has_evidence_ = false;
  sigjmp_buf after_gathering_;
  std::atomic<bool> offered_{false};
  FaultEvidence evidence_;
};

}  // namespace hotclick::core
