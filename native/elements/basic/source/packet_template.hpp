/// The frame that a source sends again and again, and the loop that writes copies of it into fresh packets.
#pragma once
#include <hotclick/element.hpp>

namespace hotclick {

class PacketTemplate {
 public:
  /// The longest frame that fits behind the headroom, wherever a fresh packet starts in its buffer.
  static constexpr uint32_t max_length = HC_BUFFER_SIZE - HC_HEADROOM - 3 * 64;

  /// `size` bytes, cut or repeated to `length` bytes when that is not negative. False when it would not fit.
  bool set(const void* pattern, uint32_t size, int64_t length) {
    if (size > max_length || length > static_cast<int64_t>(max_length)) return false;
    if (pattern != pattern_ && size != 0) memcpy(pattern_, pattern, size);
    pattern_size_ = size;
    length_ = length < 0 ? size : static_cast<uint32_t>(length);
    memset(frame_, 0, sizeof(frame_));
    if (size != 0) {
      for (uint32_t at = 0; at < length_; at += size) {
        memcpy(frame_ + at, pattern_, length_ - at < size ? length_ - at : size);
      }
    }
    return true;
  }
  uint8_t* frame() { return frame_; }
  uint32_t length() const { return length_; }
  const uint8_t* pattern() const { return pattern_; }
  uint32_t pattern_size() const { return pattern_size_; }

  /// Appends up to `n` copies to the batch; fewer when the pool is empty. Whole 64-byte blocks are written:
  /// what lies behind the end of the frame in its buffer is not used by anybody.
  uint32_t stamp(hc_shard* shard, Batch& batch, uint32_t n) const {
    const uint32_t first = batch.count;
    n = allocate_packets(shard, &batch, n);
    hc_packet* const* packets = batch.packets + first;
    const uint32_t length = length_;
    if (HC_LIKELY(length <= sizeof(Block))) {
      const Block block = load(0);
      for (uint32_t i = 0; i < n; ++i) {
        packets[i]->length = length;
        store(packets[i]->data, block);
      }
      return n;
    }
    const uint32_t blocks = (length + sizeof(Block) - 1) / sizeof(Block);
    for (uint32_t i = 0; i < n; ++i) {
      packets[i]->length = length;
      uint8_t* to = packets[i]->data;
      for (uint32_t b = 0; b < blocks; ++b) store(to + b * sizeof(Block), load(b));
    }
    return n;
  }

 private:
  typedef uint64_t Lane __attribute__((vector_size(16)));
  struct Block {
    Lane lanes[4];
  };
  static_assert(max_length % sizeof(Block) == 0);

  Block load(uint32_t index) const {
    Block block;
    memcpy(&block, frame_ + index * sizeof(Block), sizeof(Block));
    return block;
  }
  static void store(uint8_t* to, const Block& block) { memcpy(to, &block, sizeof(Block)); }

  alignas(64) uint8_t frame_[max_length];
  uint8_t pattern_[max_length];
  uint32_t length_ = 0, pattern_size_ = 0;
};

}  // namespace hotclick
