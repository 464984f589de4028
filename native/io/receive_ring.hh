/// Receiving from one AF_PACKET socket by a ring shared with the kernel (TPACKET_V2 or TPACKET_V3).
#pragma once
#include <linux/if_packet.h>

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
  /// A duplicate of another engine's socket, its ring mapped again. Null with `error` set.
  static std::unique_ptr<ReceiveRing> adopt(int fd, const ReceiveOptions& options, int* interface_index,
                                            char* error);
  ~ReceiveRing();
  ReceiveRing(const ReceiveRing&) = delete;
  ReceiveRing& operator=(const ReceiveRing&) = delete;

  int fd() const { return socket_.get(); }
  /// From now on the place in the ring is kept there, for another engine that goes on with it. An adopted ring goes on
  /// from what it finds there when it is first looked at.
  void keep_place(uint64_t* place);
  /// From now on the kernel fills the ring. Until then, and after stop(), it drops for this socket without
  /// counting.
  void start();
  /// Stops the kernel and gives back what the ring holds.
  void stop();
  /// The kernel's time of the newest frame received, in ns; 0: there was none.
  uint64_t last_frame() const { return last_frame_; }
  /// Frames up to the first that is newer are given back unread.
  void pass_over(uint64_t until) { pass_until_ = until; }
  /// Are there frames to receive?
  bool waiting() { return next_frame() != nullptr; }
  /// Appends at most `max` packets; frames stay in the ring when the pool has no packets.
  uint32_t receive(hc_shard* shard, hc_batch* batch, uint32_t max, hc_device_stats* stats);
  /// Adds the kernel's own counts since the last call.
  void add_kernel_counts(hc_device_stats* stats);

 private:
  explicit ReceiveRing(const ReceiveOptions& options) : options_(options) {}
  bool set_up(int interface_index, char* error);
  /// Sizes of the ring; `request` is what the kernel is asked for.
  void measure(tpacket_req3& request);
  bool map_ring(char* error);
  bool map_memory(char* error);
  // Finding the place (receive_place.cc).
  void find_place();
  void find_block();
  void find_frame();
  tpacket_hdr_v1& block_header(uint32_t slot) const;
  uint32_t status_of(uint32_t slot) const;
  bool set_filter(uint32_t accepted_bytes);
  /// The next frame that the kernel has handed over, or null; `advance` goes past it.
  uint8_t* next_frame();
  void advance();
  void skip_passed();
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
  /// Version 3: the sequence number of the block (its lower half) and how many of its frames were taken; written
  /// when a receive() is over. Version 2: the number of the next frame; written before the one taken is given back.
  uint64_t own_place_ = 0;
  uint64_t* place_ = &own_place_;
  uint64_t last_frame_ = 0, pass_until_ = 0;
  bool lost_place_ = false;             // adopted and not looked at yet
  uint32_t sequence_ = 0, frames_ = 0;  // version 3: of the open block
};

}  // namespace hotclick::io
