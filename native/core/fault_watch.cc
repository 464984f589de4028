#include "fault_watch.hh"

#include <chrono>
#include <csignal>

#include "clock.hh"
#include "fault_signals.hh"
#include "shard.hh"

namespace hotclick::core {
namespace {

/// Looks in the time of the limit.
constexpr uint64_t looks_in_limit = 8;
/// A round that does not compute but waits for something is given this many times the limit.
constexpr uint32_t patience_with_waiting = 20;

}  // namespace

FaultWatch::FaultWatch(std::vector<Shard*> shards, uint64_t loop_limit)
    : shards_(std::move(shards)), loop_limit_(loop_limit) {
  acquire_fault_signals();
  // The thread takes no signals meant for the process.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { watch(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

FaultWatch::~FaultWatch() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  end_.notify_one();
  thread_.join();
  release_fault_signals();
}

void FaultWatch::watch() {
  std::vector<Progress> progress(shards_.size());
  const auto interval = std::chrono::nanoseconds(loop_limit_ / looks_in_limit + 1);
  std::unique_lock lock(mutex_);
  while (!end_.wait_for(lock, interval, [this] { return ending_; })) {
    for (size_t i = 0; i < shards_.size(); ++i) look_at(*shards_[i], progress[i]);
  }
}

void FaultWatch::look_at(Shard& shard, Progress& p) const {
  FaultGuard& guard = shard.guard();
  const uint64_t rounds = shard.control().rounds.load(std::memory_order_relaxed);
  const bool waits = shard.control().sleeping.load(std::memory_order_relaxed) != 0 || !guard.inside() ||
                     guard.stage() == FaultGuard::Stage::off;
  if (waits || rounds != p.rounds || p.looks == 0) {
    guard.set_attempts(0);
    p = {rounds, guard.thread() != 0 ? clock_ns(guard.cpu_clock()) : 0, 1, 0};
    return;
  }
  ++p.looks;
  // Computing time, not time: a shard that is not given the processor does not loop.
  const bool computes = clock_ns(guard.cpu_clock()) - p.cpu_at_change >= loop_limit_;
  if (!computes && p.looks < looks_in_limit * patience_with_waiting) return;
  guard.set_attempts(++p.attempts);
  interrupt_thread(guard.thread(), &guard);
}

}  // namespace hotclick::core
