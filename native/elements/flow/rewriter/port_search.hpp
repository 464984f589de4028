/// The choice of a source port from the range of a pattern.
#pragma once
#include "input_spec.hpp"

namespace hotclick::flow {

/// One for each input.
class PortSearch {
 public:
  /// Puts a port into `to.source_port` with which `usable(to)` holds: the packet's own (host order) if the
  /// pattern prefers that, otherwise in order from place `next` of the range or at random. False when a
  /// bounded search finds none.
  template <class Usable>
  bool choose(const InputSpec& spec, hc_shard* shard, uint32_t own, uint16_t& next, FlowId& to,
              Usable usable) {
    if (exhausted_for(to, shard->ticks)) return false;
    const uint32_t range = spec.source_port_span + 1u;
    const auto take = [&](uint32_t place) {
      to.source_port = net16(static_cast<uint16_t>(spec.source_port + place));
      return usable(to);
    };
    if (spec.prefer_source && own >= spec.source_port && own - spec.source_port < range &&
        take(own - spec.source_port)) {
      return true;
    }
    // A prime above every range visits each place once. In order for '#', scattered otherwise, since
    // neighbours of a port in use are likely in use as well.
    const uint32_t stride = 104729u % range;
    const uint32_t step = spec.sequential || stride == 0 ? 1 : stride;
    uint32_t place = (spec.sequential ? next : random(shard)) % range;
    for (uint32_t tries = 0; tries < range && tries < most_tries; ++tries) {
      const bool found = take(place);
      place = (place + step) % range;
      if (!found) continue;
      if (spec.sequential) next = static_cast<uint16_t>(place);
      return true;
    }
    destination_ = to.destination;
    destination_port_ = to.destination_port;
    protocol_ = to.protocol;
    tick_ = shard->ticks;
    return false;
  }

 private:
  static constexpr uint32_t most_tries = 1024;

  /// A search without success is not repeated within its tick: a flood of flows to a destination for which
  /// all ports are in use must not cost a search each.
  bool exhausted_for(const FlowId& to, uint32_t tick) const {
    return tick_ == tick && destination_ == to.destination && destination_port_ == to.destination_port &&
           protocol_ == to.protocol;
  }
  static uint32_t random(hc_shard* shard) {
    uint64_t& state = shard->random;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return static_cast<uint32_t>(state >> 32);
  }

  uint32_t destination_ = 0;
  uint16_t destination_port_ = 0;
  uint8_t protocol_ = 0;
  uint32_t tick_ = 0;
};

}  // namespace hotclick::flow
