/// Receiving from one AF_PACKET socket by a ring shared with the kernel (TPACKET_V2 or TPACKET_V3).
#pragma once
#include <hotclick/batch.hpp>
#include <memory>
#include <string>

#include "interface.hh"

namespace hotclick::io {

/// How a receiving socket is set up.
struct ReceiveOptions {
  uint32_t version = 3;  ///< 3 hands over blocks of frames, 2 single frames
  uint32_t ring_bytes = 8u << 20;
  uint32_t block_bytes = 4u << 10;  ///< version 3: a power of two, at least a page
  uint32_t timeout_ms = 1;          ///< version 3: a block that is not full is handed over after this time
  uint32_t snap_length = 0;         ///< cut frames to this; 0 = keep whole ones, count those that do not fit
  bool promiscuous = false;
  bool outgoing = false;  ///< also what this machine sends
};

class ReceiveRing {
 public:
  /// A socket bound to the interface that takes nothing yet. Null with `error` set.
  static std::unique_ptr<ReceiveRing> open(int interface_index, const ReceiveOptions& options, char* error);
  ~ReceiveRing();
  ReceiveRing(const ReceiveRing&) = delete;
  ReceiveRing& operator=(const ReceiveRing&) = delete;

  int fd() const { return socket_.get(); }
  /// From now on the kernel fills the ring. Until then, and after stop(), it drops for this socket without
  /// counting.
  void start();
  /// Stops the kernel and gives back what the ring holds.
  void stop();
  /// Are there frames to receive?
  bool waiting() { return next_frame() != nullptr; }
  /// Appends at most `max` packets; frames stay in the ring when the pool has no packets.
  uint32_t receive(hc_shard* shard, hc_batch* batch, uint32_t max, hc_device_stats* stats);
  /// Adds the kernel's own counts since the last call.
  void add_kernel_counts(hc_device_stats* stats);

 private:
  explicit ReceiveRing(const ReceiveOptions& options) : options_(options) {}
  bool set_up(int interface_index, char* error);
  bool map_ring(char* error);
  bool set_filter(uint32_t accepted_bytes);
  /// The next frame that the kernel has handed over, or null; `advance` goes past it.
  uint8_t* next_frame();
  void advance();
  void give_back_block();
  void next_slot() {
    if (++slot_ == slots_) slot_ = 0;
  }

  ReceiveOptions options_;
  FileDescriptor socket_;
  uint8_t* ring_ = nullptr;
  uint32_t slot_bytes_ = 0, slots_ = 0;  // blocks of version 3, frames of version 2
  uint32_t slot_ = 0;
  uint8_t* frame_ = nullptr;  // version 3: next frame of the open block
  uint32_t frames_left_ = 0;
};

}  // namespace hotclick::io
