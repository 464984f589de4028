#include "warm_up.hh"

#include "../test/unit.hpp"
#include "shard_graph.hh"

using namespace hotclick::core;

TEST("warm-up: words that are no addresses do no harm, and it ends after a few words a round") {
  const ShardGraph empty;
  const void* const words[] = {nullptr, reinterpret_cast<const void*>(~uintptr_t{0}),
                               reinterpret_cast<const void*>(uintptr_t{5} << 32), &empty,
                               reinterpret_cast<const void*>(uintptr_t{7})};
  WarmUp warm_up;
  int rounds = 0;
  while (rounds < 100 && warm_up.step(empty, words)) ++rounds;
  CHECK_EQ(rounds, 2);
  CHECK(!warm_up.step(empty, words));
}
