// The small part of a transfer that can only be read when the giver has stopped.
#include "import.hh"

namespace hotclick::core {

bool TransferImport::read_final(PacketPool& pool, hc_shard& shard) {
  for (ImportedShard& s : shards_) {
    for (auto& [key, state] : s.states_) {
      if (state.table && !crashed_ && !state.table->open_sealed()) return false;
    }
    for (const ImportedShard::Queue& q : s.queues_) {
      const auto& from = *reinterpret_cast<const hc_queue*>(q.source.get());
      const auto* ring = reinterpret_cast<hc_packet* const*>(q.source.get() + sizeof(hc_queue));
      hc_queue& to = q.target->queue();
      const uint32_t mask = q.target->slots - 1;
      if (from.tail - from.head > q.target->slots) continue;
      for (uint64_t at = from.head; at != from.tail; ++at) {
        hc_packet* p = read_packet(pool, reinterpret_cast<uintptr_t>(ring[at & mask]));
        if (p) to.ring[to.tail++ & to.mask] = p;
      }
    }
  }
  pool.open(in_use_, shard);
  return true;
}

/// The packet that the giver's pointer means, with its own buffer; null when it means none, or one that we have.
hc_packet* TransferImport::read_packet(PacketPool& pool, uint64_t pointer) {
  const uint64_t distance = pointer - packets_.metadata_at;
  const uint64_t index = distance / sizeof(hc_packet);
  if (distance % sizeof(hc_packet) != 0 || index >= packets_.count) return nullptr;
  const uint64_t bit = uint64_t{1} << (index % 64);
  uint64_t& known = in_use_[index / 64];
  if (known & bit) return nullptr;
  const auto& from = reinterpret_cast<const hc_packet*>(metadata_.data())[index];
  const uint64_t offset = reinterpret_cast<uintptr_t>(from.data) - reinterpret_cast<uintptr_t>(from.buffer);
  if (offset > HC_BUFFER_SIZE || from.length > HC_BUFFER_SIZE - offset) return nullptr;
  known |= bit;
  hc_packet& to = pool.packet(static_cast<uint32_t>(index));
  to = from;
  to.index = static_cast<uint32_t>(index);
  to.buffer = pool.buffer(to.index);
  to.data = to.buffer + offset;
  return &to;
}

}  // namespace hotclick::core
