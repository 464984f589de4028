#include "receive_ring.hh"

#include <errno.h>
#include <linux/filter.h>
#include <linux/net_tstamp.h>
#include <net/ethernet.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <hotclick/net.hpp>

#include "device_options.hh"

namespace hotclick::io {
namespace {

/// A frame of version 2: what fits a packet buffer fits, with the kernel's header.
constexpr uint32_t frame_bytes = 2048;

/// What both header versions say about a frame.
struct FrameView {
  const uint8_t* data;
  uint32_t captured, length, status;
  uint64_t timestamp;
  uint16_t tci, tpid;
  uint8_t type;
};

uint64_t nanoseconds(uint32_t seconds, uint32_t rest) {
  return uint64_t{seconds} * 1'000'000'000u + rest;
}

FrameView view3(uint8_t* at) {
  const auto& h = *reinterpret_cast<tpacket3_hdr*>(at);
  const auto& link = *reinterpret_cast<sockaddr_ll*>(at + TPACKET_ALIGN(sizeof(tpacket3_hdr)));
  return {at + h.tp_mac,
          h.tp_snaplen,
          h.tp_len,
          h.tp_status,
          nanoseconds(h.tp_sec, h.tp_nsec),
          static_cast<uint16_t>(h.hv1.tp_vlan_tci),
          h.hv1.tp_vlan_tpid,
          link.sll_pkttype};
}

FrameView view2(uint8_t* at) {
  const auto& h = *reinterpret_cast<tpacket2_hdr*>(at);
  const auto& link = *reinterpret_cast<sockaddr_ll*>(at + TPACKET_ALIGN(sizeof(tpacket2_hdr)));
  return {at + h.tp_mac, h.tp_snaplen,   h.tp_len,        h.tp_status, nanoseconds(h.tp_sec, h.tp_nsec),
          h.tp_vlan_tci, h.tp_vlan_tpid, link.sll_pkttype};
}

/// Copies a frame into a fresh packet, its VLAN tag put back; false when it does not fit.
bool copy_frame(const FrameView& frame, uint32_t snap_length, hc_packet* p) {
  const bool tagged = (frame.status & TP_STATUS_VLAN_VALID) != 0 && frame.captured >= 2 * ETH_ALEN;
  const uint32_t tag = tagged ? sizeof(VlanTag) : 0;
  uint32_t captured = frame.captured;
  if (snap_length != 0) {
    if (captured + tag > snap_length) captured = snap_length - tag;
  } else if (frame.captured < frame.length) {
    return false;
  }
  const uint32_t length = captured + tag;
  if (HC_UNLIKELY(p->data + length > p->buffer + HC_BUFFER_SIZE)) {
    p->data = p->buffer + HC_HEADROOM;  // without the step that spreads frames over cache sets
    if (length > HC_BUFFER_SIZE - HC_HEADROOM) return false;
  }
  if (HC_UNLIKELY(tagged)) {
    const bool has_tpid = (frame.status & TP_STATUS_VLAN_TPID_VALID) != 0;
    const uint16_t words[2] = {net16(has_tpid ? frame.tpid : ether_vlan), net16(frame.tci)};
    memcpy(p->data, frame.data, 2 * ETH_ALEN);
    memcpy(p->data + 2 * ETH_ALEN, words, sizeof(words));
    memcpy(p->data + 2 * ETH_ALEN + sizeof(words), frame.data + 2 * ETH_ALEN, captured - 2 * ETH_ALEN);
    p->vlan_tci = frame.tci;
    p->flags = HC_PACKET_VLAN;
  } else {
    memcpy(p->data, frame.data, captured);
  }
  p->length = length;
  p->mac_offset = static_cast<uint16_t>(p->data - p->buffer);
  p->packet_type = frame.type;
  p->timestamp = frame.timestamp;
  return true;
}

}  // namespace

std::unique_ptr<ReceiveRing> ReceiveRing::open(int interface_index, const ReceiveOptions& options,
                                               char* error) {
  std::unique_ptr<ReceiveRing> ring(new ReceiveRing(options));
  if (!ring->set_up(interface_index, error)) return nullptr;
  return ring;
}

ReceiveRing::~ReceiveRing() {
  if (ring_) munmap(ring_, size_t{slot_bytes_} * slots_);
}

bool ReceiveRing::set_up(int interface_index, char* error) {
  // Protocol 0 receives nothing until the bind below, when the ring and the filter are in place.
  socket_ = FileDescriptor(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket_.valid()) {
    set_error(error, "cannot open a packet socket: %s%s", strerror(errno),
              errno == EPERM ? " (needs root or the capability CAP_NET_RAW)" : "");
    return false;
  }
  if (!map_ring(error)) return false;
  if (!set_filter(0)) {
    set_error(error, "cannot set a socket filter: %s", strerror(errno));
    return false;
  }
  const int ignore = options_.outgoing ? 0 : 1;
  if (setsockopt(fd(), SOL_PACKET, PACKET_IGNORE_OUTGOING, &ignore, sizeof(ignore)) != 0 && ignore) {
    set_error(error, "cannot ignore outgoing packets: %s (needs Linux 4.20)", strerror(errno));
    return false;
  }
  // Stamped once, where it comes in: all sockets that get a frame see the same time.
  const int on = 1, software = SOF_TIMESTAMPING_SOFTWARE;
  if (setsockopt(fd(), SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) != 0 ||
      setsockopt(fd(), SOL_PACKET, PACKET_TIMESTAMP, &software, sizeof(software)) != 0) {
    set_error(error, "cannot have frames stamped: %s", strerror(errno));
    return false;
  }
  sockaddr_ll address = {};
  address.sll_family = AF_PACKET;
  address.sll_protocol = net16(ETH_P_ALL);
  address.sll_ifindex = interface_index;
  if (bind(fd(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
    set_error(error, "cannot bind a packet socket: %s", strerror(errno));
    return false;
  }
  if (options_.promiscuous) {
    packet_mreq membership = {};
    membership.mr_ifindex = interface_index;
    membership.mr_type = PACKET_MR_PROMISC;
    if (setsockopt(fd(), SOL_PACKET, PACKET_ADD_MEMBERSHIP, &membership, sizeof(membership)) != 0) {
      set_error(error, "cannot make the interface promiscuous: %s", strerror(errno));
      return false;
    }
  }
  return true;
}

void ReceiveRing::measure(tpacket_req3& request) {
  const bool frames = options_.version == 2;
  request.tp_block_size = frames ? 32 * frame_bytes : options_.block_bytes;
  request.tp_block_nr = options_.ring_bytes / request.tp_block_size;
  if (request.tp_block_nr < 2) request.tp_block_nr = 2;
  request.tp_frame_size = frames ? frame_bytes : 2048;
  request.tp_frame_nr = request.tp_block_nr * (request.tp_block_size / request.tp_frame_size);
  request.tp_retire_blk_tov = options_.timeout_ms;
  slot_bytes_ = frames ? request.tp_frame_size : request.tp_block_size;
  slots_ = frames ? request.tp_frame_nr : request.tp_block_nr;
}

bool ReceiveRing::map_ring(char* error) {
  const int version = options_.version == 2 ? TPACKET_V2 : TPACKET_V3;
  tpacket_req3 request = {};
  measure(request);
  // Version 2 takes the first four fields only.
  const socklen_t size = version == TPACKET_V2 ? sizeof(tpacket_req) : sizeof(tpacket_req3);
  if (setsockopt(fd(), SOL_PACKET, PACKET_VERSION, &version, sizeof(version)) != 0 ||
      setsockopt(fd(), SOL_PACKET, PACKET_RX_RING, &request, size) != 0) {
    set_error(error, "cannot make a receive ring of %u KiB: %s", options_.ring_bytes >> 10, strerror(errno));
    return false;
  }
  return map_memory(error);
}

bool ReceiveRing::map_memory(char* error) {
  void* memory = mmap(nullptr, size_t{slot_bytes_} * slots_, PROT_READ | PROT_WRITE, MAP_SHARED, fd(), 0);
  if (memory == MAP_FAILED) {
    set_error(error, "cannot map a receive ring: %s", strerror(errno));
    return false;
  }
  ring_ = static_cast<uint8_t*>(memory);
  return true;
}

bool ReceiveRing::set_filter(uint32_t accepted_bytes) {
  sock_filter code[] = {BPF_STMT(BPF_RET | BPF_K, accepted_bytes)};
  const sock_fprog program = {1, code};
  return setsockopt(fd(), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) == 0;
}

void ReceiveRing::start() {
  const int unused = 0;
  setsockopt(fd(), SOL_SOCKET, SO_DETACH_FILTER, &unused, sizeof(unused));
}

void ReceiveRing::stop() {
  set_filter(0);
  while (next_frame()) advance();
}

void ReceiveRing::give_back_block() {
  auto& block = reinterpret_cast<tpacket_block_desc*>(ring_ + size_t{slot_} * slot_bytes_)->hdr.bh1;
  __atomic_store_n(&block.block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
  next_slot();
}

uint8_t* ReceiveRing::next_frame() {
  if (HC_UNLIKELY(lost_place_)) find_place();
  if (options_.version == 2) {
    uint8_t* frame = ring_ + size_t{slot_} * slot_bytes_;
    const uint32_t status =
        __atomic_load_n(&reinterpret_cast<tpacket2_hdr*>(frame)->tp_status, __ATOMIC_ACQUIRE);
    return status & TP_STATUS_USER ? frame : nullptr;
  }
  while (frames_left_ == 0) {
    uint8_t* start = ring_ + size_t{slot_} * slot_bytes_;
    auto& block = reinterpret_cast<tpacket_block_desc*>(start)->hdr.bh1;
    if ((__atomic_load_n(&block.block_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER) == 0) return nullptr;
    frames_left_ = frames_ = block.num_pkts;
    sequence_ = static_cast<uint32_t>(block.seq_num);
    frame_ = start + block.offset_to_first_pkt;
    // The kernel closes an empty block when a frame (of a sender that segments in hardware) would fill it
    // whole.
    if (HC_UNLIKELY(frames_left_ == 0)) give_back_block();
  }
  return frame_;
}

void ReceiveRing::advance() {
  if (options_.version == 2) {
    auto& header = *reinterpret_cast<tpacket2_hdr*>(ring_ + size_t{slot_} * slot_bytes_);
    next_slot();
    *place_ = slot_;
    __atomic_store_n(&header.tp_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
    return;
  }
  frame_ += reinterpret_cast<tpacket3_hdr*>(frame_)->tp_next_offset;
  if (--frames_left_ == 0) give_back_block();
}

void ReceiveRing::skip_passed() {
  while (uint8_t* at = next_frame()) {
    if ((options_.version == 2 ? view2(at) : view3(at)).timestamp > pass_until_) {
      pass_until_ = 0;
      return;
    }
    advance();
  }
}

uint32_t ReceiveRing::receive(hc_shard* shard, hc_batch* batch, uint32_t max, hc_device_stats* stats) {
  const uint32_t room = HC_BATCH_CAPACITY - batch->count;
  if (max > room) max = room;
  if (HC_UNLIKELY(pass_until_ != 0)) skip_passed();
  if (max == 0 || next_frame() == nullptr) return 0;
  // Version 3 tells how many frames there are; taking a whole burst of packets for one frame would only cost
  // time.
  const uint32_t first = batch->count;
  uint32_t fresh = 0, filled = 0, bytes = 0;
  for (uint8_t* at = next_frame(); at && filled < max; at = next_frame()) {
    const FrameView frame = options_.version == 2 ? view2(at) : view3(at);
    if (filled == fresh) {
      const uint32_t wanted = options_.version == 2 ? 8 : frames_left_;
      const uint32_t got = allocate_packets(shard, batch, wanted < max - filled ? wanted : max - filled);
      if (HC_UNLIKELY(got == 0)) {
        ++stats->rx_no_packet;
        break;
      }
      fresh += got;
    }
    if (frame.timestamp > last_frame_) last_frame_ = frame.timestamp;
    hc_packet* p = batch->packets[first + filled];
    if (HC_LIKELY(copy_frame(frame, options_.snap_length, p))) {
      if (HC_UNLIKELY(frame.status & TP_STATUS_CSUMNOTREADY)) ++stats->rx_checksum_missing;
      bytes += p->length;
      ++filled;
    } else {
      ++stats->rx_too_long;
      reset_packet(shard, p);
    }
    advance();
  }
  if (fresh > filled) release_packets(shard, batch->packets + first + filled, fresh - filled);
  batch->count = first + filled;
  if (options_.version != 2) *place_ = uint64_t{sequence_} << 32 | (frames_ - frames_left_);
  stats->rx_packets += filled;
  stats->rx_bytes += bytes;
  return filled;
}

void ReceiveRing::add_kernel_counts(hc_device_stats* stats) {
  tpacket_stats_v3 counts = {};
  socklen_t size = sizeof(counts);
  if (getsockopt(fd(), SOL_PACKET, PACKET_STATISTICS, &counts, &size) != 0) return;
  stats->rx_kernel_drops += counts.tp_drops;
  if (size == sizeof(counts)) stats->rx_ring_freezes += counts.tp_freeze_q_cnt;
}

}  // namespace hotclick::io
