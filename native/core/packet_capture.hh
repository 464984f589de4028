/// Copies of the packets that one element of one shard is given, with all that it can see of them: for a replay
/// in another process.
#pragma once
#include <atomic>
#include <memory>
#include <string>

#include "byte_ring.hh"
#include "observe.hh"

namespace hotclick::core {

/// What stands before the bytes of a captured packet; engine/upgrade/shadow/capture-format.ts reads it.
struct CapturedPacket {
  enum Kind : uint16_t {
    pushed = 0,    // into an input
    supplied = 1,  // came when the element asked one of its inputs
    asked = 2      // somebody asked one of its outputs for `count` packets; there is no packet
  };
  uint64_t now;  // the shard's clock
  uint16_t kind, port;
  uint16_t index, count;  // place in its batch, and packets of the batch
  uint32_t start;         // where in the buffer the bytes that follow begin
  uint32_t reserved;
  hc_packet packet;  // as it was; its addresses mean nothing
};
static_assert(sizeof(CapturedPacket) == 192);

class PacketCapture : public Observer {
 public:
  /// `left`: packets still wanted, of all shards together.
  PacketCapture(std::string element, std::shared_ptr<std::atomic<int64_t>> left)
      : element_(std::move(element)), left_(std::move(left)) {}

  bool watches(const Node& from, uint32_t port, const Node* to, uint32_t to_port) const override;
  void see(const Passage& passage, hc_packet* const* packets, uint32_t n) override;
  void see_arrival(const Node& to, uint32_t port, hc_packet* const* packets, uint32_t n) override;

  /// On the shard: from the next packet on.
  void begin() { active_ = true; }
  const std::string& element() const { return element_; }

  // host
  bool take(std::string& entry) { return ring_.take(entry); }
  /// Packets that found no room in the ring.
  uint64_t missed() const { return missed_.load(std::memory_order_relaxed); }

 private:
  void record(const hc_shard& shard, CapturedPacket::Kind kind, uint32_t port, hc_packet* const* packets,
              uint32_t n);

  std::string element_;
  std::shared_ptr<std::atomic<int64_t>> left_;
  bool active_ = false;
  ByteRing ring_{4u << 20};
  std::atomic<uint64_t> missed_{0};
};

}  // namespace hotclick::core
