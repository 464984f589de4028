/// Numbers that the configuration gives for the whole engine, divided among its shards.
#pragma once
#include <hotclick/element.hpp>

namespace hotclick {

inline constexpr uint64_t unlimited = ~0ull;

/// This shard's part of `total`: the parts of all shards add up to it.
inline uint64_t shard_share(const hc_shard* shard, uint64_t total) {
  return total / shard->count + (shard->index < total % shard->count ? 1 : 0);
}

/// The same for a LIMIT, where a negative number means no limit.
inline uint64_t shard_limit(const hc_shard* shard, int64_t limit) {
  return limit < 0 ? unlimited : shard_share(shard, static_cast<uint64_t>(limit));
}

}  // namespace hotclick
