// Blocks of the arena, alone and in two engines that map the same.
#include "static_arena.hh"

#include <cstring>

#include "../test/unit.hpp"

using namespace hotclick::core;

TEST("static arena: blocks are zeroed, aligned, and used again") {
  const auto arena = StaticArena::create();
  auto first = arena->allocate(100);
  CHECK_EQ(reinterpret_cast<uintptr_t>(first.get()) % 64, 0u);
  memset(first.get(), 0xAB, 100);
  const uint8_t* where = first.get();
  auto second = arena->allocate(100);
  CHECK(second.get() != where);
  first.reset();
  first = arena->allocate(128);
  CHECK(first.get() == where);
  CHECK_EQ(static_cast<int>(first.get()[50]), 0);
  CHECK(arena->allocate(uint64_t{1} << 40) == nullptr);
}

TEST("static arena: another engine sees the same blocks, and takes none that are in use") {
  const auto giver = StaticArena::create();
  auto kept = giver->allocate(64), freed = giver->allocate(256);
  memcpy(kept.get(), "state", 6);
  const uint64_t kept_at = giver->offset_of(kept.get()), freed_at = giver->offset_of(freed.get());
  freed.reset();
  const auto successor = StaticArena::adopt(giver->region().fd(), giver->plan());
  if (!CHECK(successor != nullptr)) return;
  auto shared = successor->share(kept_at, 64);
  if (!CHECK(shared != nullptr)) return;
  CHECK_EQ(std::string(reinterpret_cast<char*>(shared.get())), "state");
  memcpy(kept.get(), "later", 6);
  CHECK_EQ(std::string(reinterpret_cast<char*>(shared.get())), "later");
  CHECK_EQ(successor->offset_of(successor->allocate(256).get()), freed_at);
  auto fresh = successor->allocate(64);
  CHECK(successor->offset_of(fresh.get()) > freed_at);
  // What the successor did before it gave up is nothing to the giver.
  memset(fresh.get(), 0xAB, 64);
  auto next = giver->allocate(64);
  CHECK_EQ(static_cast<int>(next.get()[0]), 0);
  shared.reset();
  CHECK_EQ(successor->offset_of(successor->allocate(64).get()), kept_at);
}

TEST("static arena: plans that do not fit are refused") {
  const auto giver = StaticArena::create();
  auto block = giver->allocate(64);
  CHECK(StaticArena::adopt(giver->region().fd(), {uint64_t{1} << 40, {}}) == nullptr);
  CHECK(StaticArena::adopt(giver->region().fd(), {64, {0, 128}}) == nullptr);
  CHECK(StaticArena::adopt(giver->region().fd(), {64, {8, 8}}) == nullptr);
  CHECK(StaticArena::adopt(-1, {64, {}}) == nullptr);
  const auto successor = StaticArena::adopt(giver->region().fd(), giver->plan());
  CHECK(successor->share(64, 64) == nullptr);
  CHECK(successor->share(8, 8) == nullptr);
}
