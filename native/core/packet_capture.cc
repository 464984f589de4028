#include "packet_capture.hh"

#include <hotclick/batch.hpp>

namespace hotclick::core {

bool PacketCapture::watches(const Node& from, uint32_t port, const Node* to, uint32_t) const {
  if (to && to->name == element_) return true;
  // Who is pulled from does something without being given a packet.
  return from.name == element_ && from.instance.outputs && from.instance.outputs[port].push == nullptr;
}

void PacketCapture::see(const Passage& passage, hc_packet* const* packets, uint32_t n) {
  if (!active_ || n == 0) return;
  const hc_shard& shard = *passage.from.instance.shard;
  const bool is_target = passage.to && passage.to->name == element_;
  if (is_target) {
    record(shard, passage.pulled ? CapturedPacket::supplied : CapturedPacket::pushed, passage.to_port,
           packets, n);
  } else if (left_->load(std::memory_order_relaxed) > 0) {
    CapturedPacket head = {};
    head.now = shard.now;
    head.kind = CapturedPacket::asked;
    head.port = static_cast<uint16_t>(passage.from_port);
    head.count = static_cast<uint16_t>(passage.max < HC_BATCH_CAPACITY ? passage.max : HC_BATCH_CAPACITY);
    ring_.put({{reinterpret_cast<const char*>(&head), sizeof(head)}});
  }
}

void PacketCapture::see_arrival(const Node& to, uint32_t port, hc_packet* const* packets, uint32_t n) {
  if (active_ && to.name == element_) record(*to.instance.shard, CapturedPacket::pushed, port, packets, n);
}

void PacketCapture::record(const hc_shard& shard, CapturedPacket::Kind kind, uint32_t port,
                           hc_packet* const* packets, uint32_t n) {
  const int64_t left = left_->load(std::memory_order_relaxed);
  if (left <= 0) return;
  if (left < static_cast<int64_t>(n)) n = static_cast<uint32_t>(left);
  uint32_t kept = 0;
  for (uint32_t i = 0; i < n; ++i) {
    const auto& p = *static_cast<const Packet*>(packets[i]);
    CapturedPacket head = {};
    head.now = shard.now;
    head.kind = kind;
    head.port = static_cast<uint16_t>(port);
    head.index = static_cast<uint16_t>(i);
    head.count = static_cast<uint16_t>(n);
    head.packet = p;
    // Headers that were stripped from the front can be brought back: see clone_packet().
    head.start = HC_HEADROOM + (p.index & 3u) * 64u;
    if (p.mac_offset != 0 && p.mac_offset < head.start) head.start = p.mac_offset;
    if (p.headroom() < head.start) head.start = p.headroom();
    const uint32_t bytes = p.headroom() + p.length - head.start;
    if (ring_.put({{reinterpret_cast<const char*>(&head), sizeof(head)},
                   {reinterpret_cast<const char*>(p.buffer + head.start), bytes}})) {
      ++kept;
    } else {
      missed_.fetch_add(1, std::memory_order_relaxed);
    }
  }
  left_->fetch_sub(kept, std::memory_order_relaxed);
}

}  // namespace hotclick::core
