#include "hand_over.hh"

#include <hotclick/batch.hpp>
#include <memory>

#include "../test/unit.hpp"
#include "engine_core.hh"

using namespace hotclick;
using namespace hotclick::core;

TEST("hand-over: what comes before a shard has its first graph waits for it") {
  constexpr size_t page = 4096;
  const auto memory = std::make_unique<uint8_t[]>(3 * page);
  const auto start = (reinterpret_cast<uintptr_t>(memory.get()) + page - 1) & ~uintptr_t{page - 1};
  std::string error;
  const auto engine = EngineCore::create(2, 4096, reinterpret_cast<uint8_t*>(start), error);
  if (!CHECK(engine != nullptr)) return;
  Packet* p = allocate_packet(engine->shard(0).face());
  if (!CHECK(p != nullptr)) return;
  CHECK(engine->shard(0).hand_to(1, {p, "fw", 0}));
  CHECK(!engine->shard(1).round());
  HandOver& ring = *engine->shard(1).hand_over;
  CHECK(ring.waiting(1));
  HandOver::Item item;
  CHECK(ring.take(0, 1, item) && item.packet == p);
  hc_packet* const back = p;
  release_packets(engine->shard(0).face(), &back, 1);
}
