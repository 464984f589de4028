/// A token bucket in whole numbers: exact at any rate, and shared out among the shards of the engine.
#pragma once
#include <hotclick/element.hpp>

#include "shard_share.hpp"

namespace hotclick {

/// What a bucket holds: part of the element's state.
struct Tokens {
  uint64_t credit = 0;   // one token is `TokenBucket::cost`
  uint64_t updated = 0;  // monotonic ns
};

/// Fills at `rate` tokens per second, divided by the number of shards, up to `capacity` tokens. Credit grows
/// by `rate` every nanosecond and a token costs 10^9 for each shard, so that nothing is ever rounded.
class TokenBucket {
 public:
  void set(const hc_shard* shard, uint64_t rate, uint64_t capacity) {
    constexpr uint64_t most = 100'000'000;
    rate_ = rate;
    capacity_ = capacity < 1 ? 1 : capacity > most ? most : capacity;
    cost_ = 1'000'000'000ull * shard->count;
  }
  uint64_t rate() const { return rate_; }

  /// The bucket has `count` tokens now, at least one, and the shards after the first are late by their part
  /// of the interval: together they are as regular as one would be.
  void start(Tokens& tokens, const hc_shard* shard, uint64_t count) const {
    if (count > capacity_) count = capacity_;
    if (count < 1) count = 1;
    tokens.credit = count * cost_ - shard->index * 1'000'000'000ull;
    tokens.updated = shard->now;
  }
  void refill(Tokens& tokens, uint64_t now) const {
    const uint64_t full = capacity_ * cost_;
    if (tokens.credit > full) tokens.credit = full;  // the capacity was lowered
    const uint64_t elapsed = now - tokens.updated;
    tokens.updated = now;
    if (rate_ == 0) return;
    const uint64_t missing = full - tokens.credit;
    tokens.credit = elapsed > missing / rate_ ? full : tokens.credit + elapsed * rate_;
  }
  /// Whole tokens, at most `most`.
  uint32_t available(const Tokens& tokens, uint32_t most) const {
    const uint64_t n = tokens.credit / cost_;
    return n < most ? static_cast<uint32_t>(n) : most;
  }
  void take(Tokens& tokens, uint32_t n) const { tokens.credit -= n * cost_; }
  /// When the next token will be there (monotonic ns); 0 when there will never be one.
  uint64_t next_at(const Tokens& tokens) const {
    if (tokens.credit >= cost_) return tokens.updated;
    if (rate_ == 0) return 0;
    return tokens.updated + (cost_ - tokens.credit + rate_ - 1) / rate_;
  }

 private:
  uint64_t rate_ = 0, capacity_ = 1, cost_ = 1'000'000'000;
};

}  // namespace hotclick
