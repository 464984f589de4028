/// Gives the packets back that were in the hands of code that crashed.
#pragma once
#include <vector>

#include "command.hh"
#include "packet_pool.hh"

namespace hotclick::core {

/// Between two rounds no packet is in anybody's hands: what the shard holds (hc_packet.holder) and is neither on its
/// free stack nor in a queue of its graph was lost. A part of the arena is looked at in each round.
class ReclaimCommand : public Command {
 public:
  explicit ReclaimCommand(const PacketPool& pool) : pool_(pool), kept_((pool.size() + 63) / 64) {}
  bool step(Shard& shard) override;
  /// Packets that were given back.
  uint32_t reclaimed() const { return reclaimed_; }
  /// An element holds packets that the core does not know: then none can be called lost.
  bool impossible() const { return impossible_; }

 private:
  uint32_t mark_kept(Shard& shard);
  void mark(const hc_packet* p) { kept_[p->index >> 6] |= 1ull << (p->index & 63); }

  const PacketPool& pool_;
  std::vector<uint64_t> kept_;
  uint32_t at_ = 0, reclaimed_ = 0;
  bool impossible_ = false;
};

}  // namespace hotclick::core
