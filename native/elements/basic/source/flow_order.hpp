/// Which flow each packet of a source belongs to, worked out from the number of the packet alone: a million
/// flows take no memory that would disturb what is measured.
#pragma once
#include <hotclick/element.hpp>

namespace hotclick {

/// Network order, as they lie in a packet.
struct FlowPorts {
  uint16_t source, destination;
};

class FlowOrder {
 public:
  static constexpr uint32_t most = 1u << 28;

  /// Where a run through the flows is.
  struct Cursor {
    uint32_t flow, step, left;  // left: packets of this pass
    uint32_t generation;
    uint64_t pass;
  };

  void set(uint32_t flows, uint32_t flow_size, uint32_t shard, uint32_t shards) {
    flow_size_ = flow_size;
    shard_ = shard;
    shards_ = shards != 0 ? shards : 1;
    flows_ = flows / shards_ + (shard < flows % shards_ ? 1 : 0);
    if (flows_ == 0) flows_ = 1;
    all_flows_ = (flows / shards_ + 1) * shards_;
  }
  /// The place of packet `number`.
  Cursor begin(uint64_t number) const {
    const auto done = static_cast<uint32_t>(number % flows_);
    Cursor c = pass_of(number / flows_);
    c.left -= done;
    c.flow = static_cast<uint32_t>((c.flow + static_cast<uint64_t>(done) * c.step) % flows_);
    return c;
  }
  FlowPorts next(Cursor& c) const {
    if (HC_UNLIKELY(c.left == 0)) c = pass_of(c.pass + 1);
    const uint32_t number = c.flow * shards_ + shard_ + c.generation * all_flows_;
    --c.left;
    c.flow += c.step;
    if (c.flow >= flows_) c.flow -= flows_;
    return ports_of(number);
  }

 private:
  // Primes above `most`, so that steps by them visit every flow once; a prime for each pass in turn, since to
  // visit flows in the order in which their records were made would flatter the caches.
  static constexpr uint32_t primes[] = {1640531551u, 2654435761u, 3266489917u,
                                        668265263u,  374761393u,  2246822519u};

  HC_COLD Cursor pass_of(uint64_t pass) const {
    const auto step = static_cast<uint32_t>(primes[pass % (sizeof(primes) / sizeof(primes[0]))] % flows_);
    return {static_cast<uint32_t>(pass % flows_), step, flows_, static_cast<uint32_t>(pass / flow_size_),
            pass};
  }
  /// One to one on 30 bits: multiplications by odd numbers and a shift are.
  static FlowPorts ports_of(uint32_t number) {
    constexpr uint32_t mask = (1u << 30) - 1;
    uint32_t x = number * 0x9E3779B1u & mask;
    x ^= x >> 15;
    x = x * 0x85EBCA77u & mask;
    return {net16(static_cast<uint16_t>(1024 + (x & 0x7FFF))),
            net16(static_cast<uint16_t>(1024 + (x >> 15)))};
  }

  uint32_t flows_ = 1, flow_size_ = 1, shard_ = 0, shards_ = 1, all_flows_ = 1;
};

}  // namespace hotclick
