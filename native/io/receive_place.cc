// Going on with a ring that another engine has read, whether it handed it over or was killed.
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <string.h>
#include <sys/socket.h>

#include "device_options.hh"
#include "receive_ring.hh"

namespace hotclick::io {

std::unique_ptr<ReceiveRing> ReceiveRing::adopt(int fd, const ReceiveOptions& options, int* interface_index,
                                                char* error) {
  std::unique_ptr<ReceiveRing> ring(new ReceiveRing(options));
  ring->socket_ = FileDescriptor(fcntl(fd, F_DUPFD_CLOEXEC, 3));
  sockaddr_ll address = {};
  int version = 0;
  socklen_t address_size = sizeof(address), version_size = sizeof(version);
  if (!ring->socket_.valid() ||
      getsockname(ring->fd(), reinterpret_cast<sockaddr*>(&address), &address_size) != 0 ||
      getsockopt(ring->fd(), SOL_PACKET, PACKET_VERSION, &version, &version_size) != 0 ||
      version != (options.version == 2 ? TPACKET_V2 : TPACKET_V3)) {
    set_error(error, "descriptor %d is no packet socket with a receive ring of version %u", fd,
              options.version);
    return nullptr;
  }
  tpacket_req3 request = {};
  ring->measure(request);
  if (!ring->map_memory(error)) return nullptr;
  *interface_index = address.sll_ifindex;
  ring->lost_place_ = true;
  return ring;
}

void ReceiveRing::keep_place(uint64_t* place) {
  if (!lost_place_) *place = *place_;
  place_ = place;
}

void ReceiveRing::find_place() {
  lost_place_ = false;
  if (options_.version == 2)
    find_frame();
  else
    find_block();
}

tpacket_hdr_v1& ReceiveRing::block_header(uint32_t slot) const {
  return reinterpret_cast<tpacket_block_desc*>(ring_ + size_t{slot} * slot_bytes_)->hdr.bh1;
}

uint32_t ReceiveRing::status_of(uint32_t slot) const {
  uint8_t* at = ring_ + size_t{slot} * slot_bytes_;
  const uint32_t* status = options_.version == 2 ? &reinterpret_cast<tpacket2_hdr*>(at)->tp_status
                                                 : &block_header(slot).block_status;
  return __atomic_load_n(status, __ATOMIC_ACQUIRE);
}

/// The kernel numbers blocks as it opens them, one after the other. We are at the oldest that it has handed over and
/// not got back; when there is none, at the one that it fills, which has the highest number.
void ReceiveRing::find_block() {
  uint32_t newest = 0;
  for (uint32_t slot = 1; slot < slots_; ++slot) {
    if (block_header(slot).seq_num > block_header(newest).seq_num) newest = slot;
  }
  slot_ = newest;
  for (;;) {
    const uint32_t before = slot_ == 0 ? slots_ - 1 : slot_ - 1;
    if ((status_of(before) & TP_STATUS_USER) == 0 ||
        block_header(before).seq_num + 1 != block_header(slot_).seq_num)
      break;
    slot_ = before;
  }
  frames_left_ = 0;
  const uint64_t place = *place_;
  if ((status_of(slot_) & TP_STATUS_USER) == 0 ||
      static_cast<uint32_t>(block_header(slot_).seq_num) != static_cast<uint32_t>(place >> 32))
    return;
  for (uint32_t taken = static_cast<uint32_t>(place); taken != 0 && next_frame(); --taken) advance();
}

/// We are at the frame of the kept place. A frame before it that is still ours was being given back.
void ReceiveRing::find_frame() {
  slot_ = *place_ < slots_ ? static_cast<uint32_t>(*place_) : 0;
  const uint32_t before = slot_ == 0 ? slots_ - 1 : slot_ - 1;
  if ((status_of(before) & TP_STATUS_USER) == 0) return;
  for (uint32_t slot = 0; slot < slots_; ++slot) {
    if ((status_of(slot) & TP_STATUS_USER) != 0) continue;
    auto& header = *reinterpret_cast<tpacket2_hdr*>(ring_ + size_t{before} * slot_bytes_);
    __atomic_store_n(&header.tp_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
    return;
  }
  // All frames are ours: the ring is full, and the one before is the newest.
}

}  // namespace hotclick::io
