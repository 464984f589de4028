// Which numbers of every flow have arrived: loss, duplicates and order, apart for each interval of a
// measurement.
//
// An interval is a range of numbers per flow: it begins behind the highest number that had arrived when it
// was marked. A missing number belongs to the interval in which the next higher one arrived, so packets that
// were under way at the mark count where they belong and no number is counted twice. Duplicates and late
// packets are events and count in the interval they happen in; the late packet itself fills the hole where
// the hole was counted.
#pragma once

#include <cstdint>
#include <vector>

namespace traffic {

struct SequenceCounts {
  uint64_t received = 0;    ///< different numbers of this interval's range that arrived
  uint64_t missing = 0;     ///< numbers below a higher one that have not arrived so far
  uint64_t duplicated = 0;  ///< packets whose number had arrived before
  uint64_t reordered = 0;   ///< packets that arrived after a higher number of their flow
  uint64_t too_late = 0;    ///< packets older than the window: duplicate or late, nobody can tell
};

class SequenceTracker {
 public:
  /// A number this far ahead of its flow is not from our generator.
  static constexpr uint64_t kMostAhead = uint64_t{1} << 32;

  /// `window`: how many numbers back a packet is still recognised, a power of two of at least 64.
  SequenceTracker(uint32_t flows, uint64_t window) : window_(window), flows_(flows) {
    intervals_.emplace_back();
  }

  /// Takes note of a packet; false when flow or number cannot be ours.
  bool accept(uint32_t flow_number, uint64_t sequence) {
    if (flow_number >= flows_.size()) return false;
    Flow& flow = flows_[flow_number];
    if (sequence >= flow.next) return advance(flow, sequence);
    SequenceCounts& now = intervals_.back();
    if (flow.next - sequence > window_) {
      ++now.too_late;
    } else if (arrived(flow, sequence)) {
      ++now.duplicated;
    } else {
      set(flow, sequence);
      ++now.reordered;
      SequenceCounts& home = intervals_[interval_of(flow, sequence)];
      --home.missing;
      ++home.received;
    }
    return true;
  }

  /// Ends the interval and begins the next.
  void mark() {
    for (Flow& flow : flows_) flow.begins.push_back(flow.next);
    intervals_.emplace_back();
  }

  /// Counts of all intervals so far, oldest first. A late packet still changes those that have ended.
  const std::vector<SequenceCounts>& intervals() const { return intervals_; }

 private:
  struct Flow {
    uint64_t next = 0;              ///< highest number that arrived, plus one
    std::vector<uint64_t> arrived;  ///< bits of the last `window` numbers
    std::vector<uint64_t> begins;   ///< first number of interval 1, 2, …
  };

  bool advance(Flow& flow, uint64_t sequence) {
    uint64_t skipped = sequence - flow.next;
    if (skipped >= kMostAhead) return false;
    if (flow.arrived.empty()) flow.arrived.resize(window_ / 64);
    uint64_t stale = skipped < window_ ? skipped : window_;
    for (uint64_t i = 1; i <= stale; ++i) clear(flow, sequence - i);
    set(flow, sequence);
    flow.next = sequence + 1;
    intervals_.back().missing += skipped;
    ++intervals_.back().received;
    return true;
  }

  size_t interval_of(const Flow& flow, uint64_t sequence) const {
    size_t index = flow.begins.size();
    while (index > 0 && flow.begins[index - 1] > sequence) --index;
    return index;
  }

  uint64_t& word(Flow& flow, uint64_t sequence) { return flow.arrived[sequence % window_ / 64]; }
  bool arrived(Flow& flow, uint64_t sequence) { return (word(flow, sequence) >> sequence % 64 & 1) != 0; }
  void set(Flow& flow, uint64_t sequence) { word(flow, sequence) |= uint64_t{1} << sequence % 64; }
  void clear(Flow& flow, uint64_t sequence) { word(flow, sequence) &= ~(uint64_t{1} << sequence % 64); }

  uint64_t window_;
  std::vector<Flow> flows_;
  std::vector<SequenceCounts> intervals_;
};

}  // namespace traffic
