/// Packets of a batch that another shard has got, because their flow lives there.
#pragma once
#include <hotclick/element.hpp>

namespace hotclick::flow {

/// In place of an output; split() must not see it.
inline constexpr uint16_t handed_over = 0xFFFE;

/// Takes them out of the batch, in which ports[i] is the output of packet i.
inline void leave_out_handed_over(Batch& batch, uint16_t* ports) {
  uint32_t kept = 0;
  for (uint32_t i = 0; i < batch.count; ++i) {
    if (ports[i] == handed_over) continue;
    batch.packets[kept] = batch.packets[i];
    ports[kept++] = ports[i];
  }
  batch.count = kept;
}

}  // namespace hotclick::flow
