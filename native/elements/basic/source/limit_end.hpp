/// The end of a LIMIT that is divided among the shards: STOP true stops the engine when the last part is
/// done.
#pragma once
#include <hotclick/element.hpp>

namespace hotclick {

/// Part of a source's state.
struct LimitEnd {
  bool announced = false;  // this shard's part is done, and that has been said
  uint32_t parts = 0;      // first shard: how many shards have said so
};

/// First shard: `n` more parts are done.
inline void parts_done(hc_instance* self, LimitEnd& end, uint32_t n) {
  end.parts += n;
  if (end.parts < self->shard->count) return;
  end.parts = 0;
  self->host->stop(self);
}

/// Says that this shard's part is done: the first shard is told by an empty packet, which it gets by push.
/// False when there was no room for it; the next round tries again.
inline bool announce_end(hc_instance* self, LimitEnd& end) {
  hc_shard* shard = self->shard;
  if (shard->index == 0) {
    parts_done(self, end, 1);
    return true;
  }
  Packet* notice = allocate_packet(shard);
  if (!notice) return false;
  if (self->host->hand_over(self, 0, 0, notice) != 0) return true;
  hc_packet* one = notice;
  release_packets(shard, &one, 1);
  return false;
}

}  // namespace hotclick
