// The last packets that arrived, one by one, for a look at what happened around a moment.
#pragma once

#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <vector>

namespace traffic {

struct Arrival {
  uint64_t at_ns;     ///< CLOCK_MONOTONIC
  uint64_t delay_ns;  ///< since it was sent
  uint32_t flow;
};

class ArrivalLog {
 public:
  /// Keeps the last `capacity` packets; 0 keeps none.
  explicit ArrivalLog(size_t capacity) : arrivals_(capacity) {}

  void add(const Arrival& arrival) {
    if (arrivals_.empty()) return;
    arrivals_[count_++ % arrivals_.size()] = arrival;
  }

  /// Prints one line of JSON: an array [arrival ns after from_ns, delay in ns, flow] for each packet that arrived between.
  void print(uint64_t from_ns, uint64_t to_ns) const {
    std::printf("{\"event\":\"packets\",\"packets\":[");
    const char* comma = "";
    for (size_t i = count_ < arrivals_.size() ? 0 : count_ - arrivals_.size(); i < count_; ++i) {
      const Arrival& one = arrivals_[i % arrivals_.size()];
      if (one.at_ns < from_ns || one.at_ns > to_ns) continue;
      std::printf("%s[%" PRIu64 ",%" PRIu64 ",%u]", comma, one.at_ns - from_ns, one.delay_ns, one.flow);
      comma = ",";
    }
    std::printf("]}\n");
    std::fflush(stdout);
  }

 private:
  std::vector<Arrival> arrivals_;
  size_t count_ = 0;
};

}  // namespace traffic
