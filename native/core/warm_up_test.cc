#include "warm_up.hh"

#include "../test/unit.hpp"
#include "shard_graph.hh"
#include "swap_code.hh"

using namespace hotclick::core;

TEST("warm-up: words that are no addresses do no harm, and it ends after a few words a round") {
  const ShardGraph empty;
  const void* const words[] = {nullptr, reinterpret_cast<const void*>(~uintptr_t{0}),
                               reinterpret_cast<const void*>(uintptr_t{5} << 32), &empty,
                               reinterpret_cast<const void*>(uintptr_t{7})};
  WarmUp warm_up;
  int rounds = 0;
  while (rounds < 100 && warm_up.step(empty, nullptr, words)) ++rounds;
  const int rounds_of_code = static_cast<int>((swap_code().size() + 1023) / 1024);
  CHECK(rounds_of_code > 0);
  CHECK_EQ(rounds, rounds_of_code + 2);
  CHECK(!warm_up.step(empty, nullptr, words));
}
