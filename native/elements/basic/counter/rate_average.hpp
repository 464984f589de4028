/// A running average of a counter's growth per second.
#pragma once
#include <hotclick/element.hpp>

namespace hotclick {

/// Exponentially weighted: every tick (100 ms) moves the average a sixteenth of the way to what that tick
/// saw, so it has forgotten a change after some two seconds. It costs a comparison per batch, and work once a
/// tick.
struct RateAverage {
  uint64_t average = 0;  // growth per tick, 2^fraction_bits times
  uint64_t before = 0;   // the counter at `tick`
  uint32_t tick = 0;

  static constexpr uint32_t fraction_bits = 12, weight_bits = 4;
  /// After so many ticks without growth nothing of an average is left.
  static constexpr uint32_t forgotten = 1000;

  void restart(uint64_t count, uint32_t ticks) { *this = {0, count, ticks}; }

  /// Brings the average to `ticks`; growth since `tick` is taken as evenly spread over the ticks between.
  void roll(uint64_t count, uint32_t ticks) {
    const uint32_t passed = ticks - tick;
    if (passed == 0) return;
    if (passed >= forgotten) return restart(count, ticks);
    const uint64_t sample = ((count - before) << fraction_bits) / passed;
    for (uint32_t i = 0; i < passed; ++i) {
      average = average - (average >> weight_bits) + (sample >> weight_bits);
    }
    before = count;
    tick = ticks;
  }
  uint64_t per_second(uint64_t count, uint32_t ticks) {
    roll(count, ticks);
    return (average * ticks_per_second + (1ull << (fraction_bits - 1))) >> fraction_bits;
  }
};

}  // namespace hotclick
