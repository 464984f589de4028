/// Packets and batches: allocation, release, splitting. All inline, all on the shard's own thread.
#pragma once
#include <string.h>

#include "abi.h"

namespace hotclick {

#define HC_LIKELY(x) __builtin_expect(!!(x), 1)
#define HC_UNLIKELY(x) __builtin_expect(!!(x), 0)
/// For functions off the packet path: compiled small, which is also what keeps the build of an element quick.
#define HC_COLD __attribute__((cold, noinline))

inline void prefetch(const void* p) {
  __builtin_prefetch(p, 0, 3);
}
inline void prefetch_write(const void* p) {
  __builtin_prefetch(p, 1, 3);
}

/// A frame with its annotations. A thin name for hc_packet with the questions elements ask.
struct Packet : hc_packet {
  uint32_t headroom() const { return static_cast<uint32_t>(data - buffer); }
  uint32_t tailroom() const { return HC_BUFFER_SIZE - headroom() - length; }

  /// Takes `n` bytes off the front. The caller has checked `n <= length`.
  void pull(uint32_t n) {
    data += n;
    length -= n;
  }
  /// Makes room for `n` bytes in front; false when there is no headroom.
  bool push(uint32_t n) {
    if (HC_UNLIKELY(headroom() < n)) return false;
    data -= n;
    length += n;
    return true;
  }
  /// Cuts the frame to `n` bytes; the caller has checked `n <= length`.
  void trim(uint32_t n) { length = n; }
  /// Adds `n` bytes at the end (content undefined); false when there is no tailroom.
  bool put(uint32_t n) {
    if (HC_UNLIKELY(tailroom() < n)) return false;
    length += n;
    return true;
  }

  bool has_network() const { return network_offset != 0; }
  uint8_t* network() { return buffer + network_offset; }
  const uint8_t* network() const { return buffer + network_offset; }
  /// Bytes from the network header to the end of the frame; 0 when the header is not set or lies outside.
  uint32_t network_length() const {
    if (network_offset == 0) return 0;
    const uint32_t end = headroom() + length;
    return end > network_offset ? end - network_offset : 0;
  }
  bool has_transport() const { return transport_offset != 0; }
  uint8_t* transport() { return buffer + transport_offset; }
  const uint8_t* transport() const { return buffer + transport_offset; }
  uint32_t transport_length() const {
    if (transport_offset == 0) return 0;
    const uint32_t end = headroom() + length;
    return end > transport_offset ? end - transport_offset : 0;
  }
  void set_mac(const uint8_t* at) { mac_offset = static_cast<uint16_t>(at - buffer); }
  void set_network(const uint8_t* at) { network_offset = static_cast<uint16_t>(at - buffer); }
  void set_transport(const uint8_t* at) { transport_offset = static_cast<uint16_t>(at - buffer); }
  uint8_t* mac() { return buffer + mac_offset; }
  bool has_mac() const { return mac_offset != 0; }
};
static_assert(sizeof(Packet) == sizeof(hc_packet) && sizeof(hc_packet) == 128);

/// A batch of packets; `for (Packet& p : batch)`.
struct Batch : hc_batch {
  struct Iterator {
    hc_packet* const* at;
    Packet& operator*() const { return *static_cast<Packet*>(*at); }
    Iterator& operator++() {
      ++at;
      return *this;
    }
    bool operator!=(const Iterator& other) const { return at != other.at; }
  };
  Iterator begin() { return {packets}; }
  Iterator end() { return {packets + count}; }
  Packet& operator[](uint32_t i) { return *static_cast<Packet*>(packets[i]); }
  uint32_t room() const { return HC_BATCH_CAPACITY - count; }
  bool full() const { return count == HC_BATCH_CAPACITY; }
  void add(Packet& p) { packets[count++] = &p; }
};
static_assert(sizeof(Batch) == sizeof(hc_batch));

/// Gives packets back to the shard's free stack.
inline void release_packets(hc_shard* shard, hc_packet* const* packets, uint32_t n) {
  if (HC_UNLIKELY(shard->free_count + n > shard->free_capacity)) shard->host->spill(shard);
  memcpy(shard->free_packets + shard->free_count, packets, n * sizeof(hc_packet*));
  shard->free_count += n;
}

/// Makes the packet the shard's, empties the annotations and puts the data pointer behind the headroom. Frames
/// of successive buffers start 64 bytes apart in four steps, so that a burst does not fall into two sets of the
/// first-level cache.
inline void reset_packet(const hc_shard* shard, hc_packet* p) {
  p->holder = shard->index + 1;
  p->data = p->buffer + HC_HEADROOM + (p->index & 3u) * 64u;
  p->length = 0;
  p->mac_offset = p->network_offset = p->transport_offset = p->flags = 0;
  p->destination = 0;
  p->paint = p->packet_type = p->fix_ip_source = p->icmp_parameter = 0;
  p->timestamp = 0;
  p->aggregate = 0;
  p->vlan_tci = p->trace_id_low = 0;
}

/// Takes up to `n` fresh packets (length 0) into `batch`; fewer when the pool is empty. Returns how many.
inline uint32_t allocate_packets(hc_shard* shard, hc_batch* batch, uint32_t n) {
  if (HC_UNLIKELY(n > HC_BATCH_CAPACITY - batch->count)) n = HC_BATCH_CAPACITY - batch->count;
  if (HC_UNLIKELY(shard->free_count < n)) {
    const uint32_t have = shard->host->refill(shard);
    if (have < n) n = have;
  }
  shard->free_count -= n;
  hc_packet* const* from = shard->free_packets + shard->free_count;
  for (uint32_t i = 0; i < n; ++i) {
    reset_packet(shard, from[i]);
    batch->packets[batch->count++] = from[i];
  }
  return n;
}

/// One fresh packet or null.
inline Packet* allocate_packet(hc_shard* shard) {
  if (HC_UNLIKELY(shard->free_count == 0) && shard->host->refill(shard) == 0) return nullptr;
  hc_packet* p = shard->free_packets[--shard->free_count];
  reset_packet(shard, p);
  return static_cast<Packet*>(p);
}

/// A copy with its own buffer, annotations included; null when the pool is empty. Headers that were stripped
/// from the front are copied as well, so that Unstrip finds them in every copy.
inline Packet* clone_packet(hc_shard* shard, const Packet& from) {
  Packet* p = allocate_packet(shard);
  if (!p) return nullptr;
  uint8_t* buffer = p->buffer;
  const uint32_t index = p->index;
  memcpy(static_cast<hc_packet*>(p), static_cast<const hc_packet*>(&from), sizeof(hc_packet));
  p->buffer = buffer;
  p->index = index;
  p->data = buffer + from.headroom();
  uint32_t start = HC_HEADROOM + (from.index & 3u) * 64u;  // where reset_packet() put the first byte
  if (from.mac_offset != 0 && from.mac_offset < start) start = from.mac_offset;
  if (from.headroom() < start) start = from.headroom();
  memcpy(buffer + start, from.buffer + start, from.headroom() + from.length - start);
  return p;
}

/// Batches on the shard's bump stack, given back when the scope ends. Because it is a stack, an element that
/// is reached again while it splits (a loop in the graph) gets fresh batches. `count` is 0 and `ok()` false
/// when the stack is exhausted: the graph is nested too deeply and the packets must be dropped.
class ScratchBatches {
 public:
  ScratchBatches(hc_shard* shard, uint32_t n) : shard_(shard), mark_(shard->scratch) {
    const size_t bytes = static_cast<size_t>(n) * sizeof(Batch);
    if (HC_UNLIKELY(static_cast<size_t>(shard->scratch_end - shard->scratch) < bytes)) return;
    first_ = reinterpret_cast<Batch*>(mark_);
    shard->scratch = mark_ + bytes;
    for (uint32_t i = 0; i < n; ++i) first_[i].count = 0;
  }
  ~ScratchBatches() { shard_->scratch = mark_; }
  ScratchBatches(const ScratchBatches&) = delete;
  ScratchBatches& operator=(const ScratchBatches&) = delete;
  bool ok() const { return first_ != nullptr; }
  Batch& operator[](uint32_t i) { return first_[i]; }

 private:
  hc_shard* shard_;
  uint8_t* mark_;
  Batch* first_ = nullptr;
};

}  // namespace hotclick
