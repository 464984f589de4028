/// What is there as long as an upgrade is watched: the signal handlers, and a thread that notices when element code
/// does not come to its end.
#pragma once
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

namespace hotclick::core {

class Shard;

class FaultWatch {
 public:
  /// A round in which a shard has computed for `loop_limit` ns is interrupted.
  FaultWatch(std::vector<Shard*> shards, uint64_t loop_limit);
  ~FaultWatch();
  FaultWatch(const FaultWatch&) = delete;
  FaultWatch& operator=(const FaultWatch&) = delete;

 private:
  struct Progress {
    uint64_t rounds = 0, cpu_at_change = 0;
    uint32_t looks = 0;     // since the round changed
    uint32_t attempts = 0;  // to interrupt it
  };
  void watch();
  void look_at(Shard& shard, Progress& progress) const;

  std::vector<Shard*> shards_;
  uint64_t loop_limit_;
  std::mutex mutex_;
  std::condition_variable end_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace hotclick::core
