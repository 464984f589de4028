#include <hotclick/element.hpp>
using namespace hotclick;

/// Sends a burst of packets of different lengths each time it runs.
struct Pump : Element {
  Batch batch;
  uint64_t sent = 0;
  bool run() {
    batch.count = 0;
    if (allocate_packets(shard(), &batch, 32) == 0) return false;
    for (Packet& p : batch) p.put(60 + static_cast<uint32_t>(sent++ % 16));
    output(0, batch);
    return true;
  }
};

constexpr auto info = element<Pump>("Pump", "1.0.0").help("For tests.").ports("0/1").processing("/h");
HOTCLICK_EXPORT(info)
