/// A shard without an engine, for tests and benches of native code: packets from ordinary memory, and a host
/// of which the calls about packets, text and messages work. The rest of the host is null.
#pragma once
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include <cstdlib>
#include <hotclick/batch.hpp>
#include <string>
#include <vector>

namespace hotclick {

class FakeShard {
 public:
  /// A shard with `packets` packets, `index` of `count`.
  explicit FakeShard(uint32_t packets = 4096, uint32_t index = 0, uint32_t count = 1)
      : packets_(packets), free_(packets), scratch_(64 * sizeof(Batch)) {
    buffers_ = static_cast<uint8_t*>(std::aligned_alloc(64, size_t{packets} * HC_BUFFER_SIZE));
    host_.abi = HC_ABI_VERSION;
    host_.size = sizeof(hc_host);
    host_.refill = [](hc_shard* shard) { return shard->free_count; };
    host_.spill = [](hc_shard*) {};
    host_.trace_drop = [](hc_instance*, uint32_t, hc_packet* const*, uint32_t) {};
    host_.set_task = [](hc_instance*, int) {};
    host_.set_timer = [](hc_instance*, uint32_t, uint64_t) {};
    host_.append = append;
    host_.fail = fail;
    host_.log = log;
    shard_.index = index;
    shard_.count = count;
    shard_.host = &host_;
    shard_.random = 88172645463325252ull;
    shard_.free_packets = free_.data();
    shard_.free_capacity = shard_.free_count = packets;
    shard_.scratch = scratch_.data();
    shard_.scratch_end = scratch_.data() + scratch_.size();
    for (uint32_t i = 0; i < packets; ++i) {
      packets_[i] = {};
      packets_[i].buffer = buffers_ + size_t{i} * HC_BUFFER_SIZE;
      packets_[i].index = i;
      free_[i] = &packets_[i];
    }
    tick();
  }
  ~FakeShard() { std::free(buffers_); }
  FakeShard(const FakeShard&) = delete;
  FakeShard& operator=(const FakeShard&) = delete;

  hc_shard* get() { return &shard_; }
  hc_host& host() { return host_; }
  uint32_t free_packets() const { return shard_.free_count; }

  /// Reads the clock, as the loop does once a round.
  void tick() {
    timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    shard_.now = static_cast<uint64_t>(t.tv_sec) * 1'000'000'000u + static_cast<uint64_t>(t.tv_nsec);
  }
  /// Moves the clock without waiting.
  void advance(uint64_t ns) { shard_.now += ns; }

  /// A packet with these bytes; null when the pool is empty.
  Packet* make(const void* data, uint32_t length) {
    Packet* p = allocate_packet(&shard_);
    if (!p) return nullptr;
    memcpy(p->data, data, length);
    p->length = length;
    p->set_mac(p->data);
    return p;
  }
  /// Gives all packets of the batch back.
  void release(Batch& batch) {
    release_packets(&shard_, batch.packets, batch.count);
    batch.count = 0;
  }

 private:
  static void append(hc_text* out, const char* format, ...) {
    va_list arguments;
    va_start(arguments, format);
    const int n = vsnprintf(out->data + out->length, out->capacity - out->length, format, arguments);
    va_end(arguments);
    if (out->length + static_cast<uint32_t>(n) >= out->capacity) {
      out->overflow = 1;
    } else {
      out->length += static_cast<uint32_t>(n);
    }
  }
  static void fail(char* error, const char* format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error, HC_ERROR_SIZE, format, arguments);
    va_end(arguments);
  }
  static void log(hc_instance*, const char* format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
  }

  hc_shard shard_ = {};
  hc_host host_ = {};
  uint8_t* buffers_;
  std::vector<hc_packet> packets_;
  std::vector<hc_packet*> free_;
  std::vector<uint8_t> scratch_;
};

}  // namespace hotclick
