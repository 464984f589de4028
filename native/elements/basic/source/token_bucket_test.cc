// Shares, limits and token buckets with several shards; the element tests have one.
#include "token_bucket.hpp"

#include "../../../test/unit.hpp"

using namespace hotclick;

namespace {

hc_shard shard_of(uint32_t index, uint32_t count) {
  hc_shard s = {};
  s.index = index;
  s.count = count;
  s.now = 1'000'000'000'000;
  return s;
}

}  // namespace

TEST("shares of all shards add up to the whole") {
  for (uint32_t count = 1; count <= 7; ++count) {
    for (uint64_t total : {0ull, 1ull, 2ull, 6ull, 7ull, 1000ull, ~0ull}) {
      uint64_t sum = 0;
      for (uint32_t i = 0; i < count; ++i) {
        const hc_shard s = shard_of(i, count);
        sum += shard_share(&s, total);
      }
      CHECK_EQ(sum, total);
    }
  }
}

TEST("a negative limit is none, in every shard") {
  const hc_shard s = shard_of(2, 3);
  CHECK_EQ(shard_limit(&s, -1), unlimited);
  CHECK_EQ(shard_limit(&s, 2), 0u);
  CHECK_EQ(shard_limit(&s, 3), 1u);
}

TEST("the buckets of all shards fill at the rate together, at equal distances") {
  constexpr uint32_t count = 3;
  constexpr uint64_t rate = 30, interval = 1'000'000'000 / rate;
  hc_shard shards[count];
  TokenBucket buckets[count];
  Tokens tokens[count];
  for (uint32_t i = 0; i < count; ++i) {
    shards[i] = shard_of(i, count);
    buckets[i].set(&shards[i], rate, 2);
    buckets[i].start(tokens[i], &shards[i], 1);
  }
  uint64_t last = 0, taken = 0;
  for (uint64_t ms = 0; ms <= 1000; ++ms) {
    for (uint32_t i = 0; i < count; ++i) {
      const uint64_t now = shards[i].now + ms * 1'000'000;
      buckets[i].refill(tokens[i], now);
      const uint32_t n = buckets[i].available(tokens[i], 10);
      buckets[i].take(tokens[i], n);
      taken += n;
      if (n == 0) continue;
      CHECK_EQ(n, 1u);
      CHECK(last == 0 || (now - last + 1'000'000 >= interval && now - last <= interval + 1'000'000));
      last = now;
    }
  }
  CHECK_EQ(taken, rate + 1);
}

TEST("no rate and no gap overflows a bucket") {
  const hc_shard s = shard_of(0, 64);
  for (uint64_t rate : {1ull, 1000ull, 1'000'000'000ull, 1'000'000'000'000ull}) {
    for (uint64_t capacity : {0ull, 1ull, 1'000'000ull, ~0ull}) {
      TokenBucket bucket;
      Tokens tokens;
      bucket.set(&s, rate, capacity);
      bucket.start(tokens, &s, ~0ull);
      const uint32_t full = bucket.available(tokens, ~0u);
      CHECK(full >= 1 && full <= 100'000'000);
      for (uint64_t gap : {1ull, 1'000'000'000ull, 1ull << 50, 1ull << 62}) {
        bucket.take(tokens, bucket.available(tokens, ~0u));
        bucket.refill(tokens, tokens.updated + gap);
        CHECK(bucket.available(tokens, ~0u) <= full);
      }
    }
  }
}

TEST("the next token is there when it was said to be, and not before") {
  const hc_shard s = shard_of(1, 2);
  unit::Random random{unit::seed()};
  for (int i = 0; i < 1000; ++i) {
    TokenBucket bucket;
    Tokens tokens;
    bucket.set(&s, 1 + random.below(2'000'000), 5);
    bucket.start(tokens, &s, 1);
    bucket.refill(tokens, s.now + random.below(1'000'000));
    bucket.take(tokens, bucket.available(tokens, 100));
    const uint64_t at = bucket.next_at(tokens);
    Tokens early = tokens;
    if (at - 1 > tokens.updated) {
      bucket.refill(early, at - 1);
      CHECK_EQ(bucket.available(early, 100), 0u);
    }
    bucket.refill(tokens, at);
    CHECK(bucket.available(tokens, 100) >= 1);
  }
  TokenBucket none;
  Tokens tokens;
  none.set(&s, 0, 5);
  CHECK_EQ(none.next_at(tokens), 0u);
}
