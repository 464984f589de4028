/// Where the shards of two engines meet: a small region that both have mapped. It belongs to the giver.
#pragma once
#include <atomic>
#include <cstdint>

#include "../mapped_region.hh"

namespace hotclick::core {

class Board {
 public:
  /// Whose the packets are, and how far the hand-over is.
  enum class Phase : uint32_t {
    running,   // the giver's, whether it runs or not
    sealed,    // the giver's shards have stopped; everything is in the regions
    taken,     // a shard of the successor reads it
    opened,    // all shards of the successor may install their graphs
    given,     // the successor's: the giver cannot take back any more
    withdrawn  // the giver's again
  };

  /// An engine's own. Not ok() without memory.
  static Board create(uint32_t shards);
  /// Another engine's.
  static Board adopt(int fd, uint32_t shards);
  bool ok() const { return region_.ok(); }
  const MappedRegion& region() const { return region_; }

  /// Begins anew, for a successor that knows this number; those before it wait in vain. host, while nobody hands out.
  uint32_t new_attempt() const;
  uint32_t attempt() const { return words().attempt.load(std::memory_order_acquire); }

  Phase phase() const { return static_cast<Phase>(words().phase.load(std::memory_order_acquire)); }
  /// True when it was in `from`: everybody is told then.
  bool move(Phase from, Phase to);

  std::atomic<uint32_t>& waiting() const { return words().waiting; }  // shards of the successor that wait
  std::atomic<uint32_t>& left() const { return words().left; }        // shards of the giver that have stopped
  std::atomic<uint32_t>& installed() const {
    return words().installed;
  }  // of the successor, with their graphs
  /// The revision that a shard of the giver has installed (the native number; 0 is none).
  std::atomic<uint32_t>& revision(uint32_t shard) const { return shard_words(shard).revision; }
  /// Monotonic ns at which a shard of the giver handled its last packet.
  std::atomic<uint64_t>& left_at(uint32_t shard) const { return shard_words(shard).left_at; }

  /// A number that changes with every ring(); wait() returns when it is not `seen` any more, or after some ns.
  uint32_t bell() const { return words().bell.load(std::memory_order_acquire); }
  void ring() const;
  void wait(uint32_t seen, uint64_t ns) const;

 private:
  struct Words {
    std::atomic<uint32_t> phase, bell, attempt, waiting, left, installed;
  };
  struct alignas(64) ShardWords {
    std::atomic<uint32_t> revision;
    std::atomic<uint64_t> left_at;
  };
  static size_t bytes(uint32_t shards) { return (shards + 1) * sizeof(ShardWords); }
  Words& words() const { return *reinterpret_cast<Words*>(region_.data()); }
  ShardWords& shard_words(uint32_t shard) const {
    return reinterpret_cast<ShardWords*>(region_.data())[1 + shard];
  }
  static_assert(sizeof(Words) <= sizeof(ShardWords));

  MappedRegion region_;
};

}  // namespace hotclick::core
