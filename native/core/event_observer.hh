/// Traces and taps.
#pragma once
#include <atomic>
#include <memory>
#include <string>

#include "byte_ring.hh"
#include "observe.hh"

namespace hotclick::core {

/// One trace or tap in one shard: packets that match a filter, through all elements, or all packets of one edge.
/// They go to a ring as `Event`, then the frame's first bytes.
class EventObserver : public Observer {
 public:
  enum class Kind : uint8_t { trace = 't', tap = 'p' };
  struct Event {
    uint64_t time;    // ns since the epoch
    uint32_t packet;  // number of the packet in the trace
    uint32_t length;  // of the frame
    uint16_t from_port, to_port;
    uint8_t kind;  // 'h' passed from one element to the next, 'd' dropped, 'e' left by an open output
    uint8_t shard;
    uint16_t reason;  // of a drop
    char from[48], from_version[16], to[48], reason_text[40];
  };

  /// A trace of at most `limit` packets that match `filter` (null = all). Takes the filter over.
  static std::shared_ptr<EventObserver> trace(hc_classifier* filter, uint32_t limit, uint32_t snap);
  /// A tap of output (or, for pull, input) `port` of `element`.
  static std::shared_ptr<EventObserver> tap(const std::string& element, uint32_t port, bool input,
                                            uint32_t snap);
  ~EventObserver() override;

  bool take(std::string& event) { return ring_.take(event); }
  uint64_t lost() const { return lost_.load(std::memory_order_relaxed); }

  bool watches(const Node& from, uint32_t port, const Node* to, uint32_t to_port) const override;
  bool watches_drops() const override { return kind_ == Kind::trace; }
  void see(const Passage& passage, hc_packet* const* packets, uint32_t n) override;
  void see_drop(const Node& node, uint32_t reason, hc_packet* const* packets, uint32_t n) override;

 private:
  EventObserver() = default;
  bool follow(const hc_packet& p);
  void emit(Event& event, const hc_packet& p);

  Kind kind_ = Kind::trace;
  hc_classifier* filter_ = nullptr;
  uint32_t left_ = 0, next_id_ = 1, snap_ = 128;
  std::string element_;
  uint32_t port_ = 0;
  bool input_ = false;
  ByteRing ring_{1 << 20};
  std::atomic<uint64_t> lost_{0};
};

}  // namespace hotclick::core
