#include "hand_over.hh"

#include <hotclick/batch.hpp>
#include <memory>

#include "../test/unit.hpp"
#include "engine_core.hh"

using namespace hotclick;
using namespace hotclick::core;

namespace {
struct TwoShards {
  static constexpr size_t page = 4096;
  std::unique_ptr<uint8_t[]> control = std::make_unique<uint8_t[]>(3 * page);
  std::unique_ptr<EngineCore> engine;
  TwoShards() {
    const auto start = (reinterpret_cast<uintptr_t>(control.get()) + page - 1) & ~uintptr_t{page - 1};
    std::string error;
    engine = EngineCore::create(2, 4096, reinterpret_cast<uint8_t*>(start), nullptr, error);
  }
};
}  // namespace

TEST("hand-over: a packet for an element that the shard does not run any more is counted") {
  TwoShards two;
  if (!CHECK(two.engine != nullptr)) return;
  Shard& to = two.engine->shard(1);
  GraphError error;
  to.install(ShardGraph::build(to, {}, {}, nullptr, error));
  const uint32_t free = to.face()->free_count;
  Packet* p = allocate_packet(two.engine->shard(0).face());
  if (!CHECK(p != nullptr)) return;
  CHECK(two.engine->shard(0).hand_to(1, {p, "gone", 0}));
  CHECK(to.round());
  CHECK_EQ(to.control().drops[static_cast<uint32_t>(ShardDrop::element_gone)].load(), 1u);
  CHECK_EQ(to.face()->free_count, free + 1);
}

TEST("hand-over: what comes before a shard has its first graph waits for it") {
  const TwoShards two;
  const auto& engine = two.engine;
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
