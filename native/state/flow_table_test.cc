#include "flow_table.hh"

#include <unordered_map>
#include <vector>

#include "../test/table_fixture.hh"

using namespace hotclick;
using namespace hotclick::core;

namespace {

using First = TableFixture<TestValue>;

struct KeyHash {
  size_t operator()(const TestKey& k) const { return k.address * 0x9E3779B97F4A7C15ull ^ k.port; }
};
using Model = std::unordered_map<TestKey, uint64_t, KeyHash>;

/// Every record of the model is in the table with its value, and nothing else is.
bool same(const First& t, const Model& model) {
  if (t.table.size() != model.size()) return false;
  for (const auto& [key, count] : model) {
    const uint32_t slot = t.table.find(key);
    if (slot == no_slot || t.table.value(slot).count != count) return false;
  }
  return true;
}

}  // namespace

TEST("flow table: an inserted record is found, an erased one is not, and its slot is used again") {
  First t(first_layout());
  CHECK_EQ(t.table.find({1, 2}), no_slot);
  const uint32_t slot = t.table.insert({1, 2});
  if (!CHECK(slot != no_slot)) return;
  CHECK_EQ(t.table.find({1, 2}), slot);
  CHECK_EQ(t.table.find({2, 1}), no_slot);
  CHECK(t.table.key(slot) == (TestKey{1, 2}));
  CHECK_EQ(t.table.value(slot).count, 0u);
  t.table.value(slot).count = 9;
  t.table.erase(slot);
  t.table.erase(slot);
  CHECK_EQ(t.table.size(), 0u);
  CHECK_EQ(t.table.find({1, 2}), no_slot);
  CHECK_EQ(t.table.insert({3, 4}), slot);
  CHECK_EQ(t.table.value(slot).count, 0u);
}

TEST("flow table: behaves as std::unordered_map does") {
  const uint64_t seed = unit::seed();
  unit::Random random{seed};
  for (uint32_t keys : {8u, 300u, 5000u, 40'000u}) {
    First t(first_layout());
    Model model;
    for (uint32_t step = 0; step < 120'000; ++step) {
      const TestKey key = {random.below(keys), 7};
      const uint32_t slot = t.table.find(key);
      const auto known = model.find(key);
      if (!CHECK_EQ(slot != no_slot, known != model.end())) return;
      // More insertions first, then more removals, so that sizes go up and down.
      const bool erase = random.chance(step % 30'000 < 20'000 ? 20 : 70);
      if (slot == no_slot) {
        if (erase) continue;
        const uint32_t made = t.table.insert(key);
        if (!CHECK(made != no_slot)) return;
        t.table.value(made).count = model[key] = random.next();
      } else if (erase) {
        t.table.erase(slot);
        model.erase(known);
      } else {
        if (!CHECK_EQ(t.table.value(slot).count, known->second)) return;
        t.table.value(slot).count = known->second = random.next();
      }
      if (random.chance(5)) t.flow->maintain();
    }
    if (!CHECK(same(t, model))) return;
  }
}

TEST("flow table: all records stay where they are while the index grows") {
  First t(first_layout());
  std::vector<uint32_t> slots;
  bool grew = false;
  for (uint32_t i = 0; i < 100'000; ++i) {
    slots.push_back(t.table.insert({i, i}));
    t.table.value(slots.back()).count = i;
    grew |= t.flow->old_index != nullptr;
    const uint32_t earlier = i / 2;
    if (!CHECK_EQ(t.table.find({earlier, earlier}), slots[earlier])) return;
  }
  CHECK(grew);
  CHECK(t.flow->index_mask + 1 >= 2 * t.table.size());
  for (uint32_t i = 0; i < slots.size(); ++i) {
    if (!CHECK_EQ(t.table.value(slots[i]).count, i)) return;
  }
}

TEST("flow table: records may go and come while the index grows") {
  First t(first_layout());
  Model model;
  uint32_t next = 0;
  while (!t.flow->old_index) model[{next, 0}] = t.table.value(t.table.insert({next, 0})).count = next, ++next;
  // Now without an insertion, which would move the growth on: the old index is what counts.
  for (uint32_t i = 0; i < next; i += 3) {
    t.table.erase(t.table.find({i, 0}));
    model.erase({i, 0});
  }
  CHECK(t.flow->old_index != nullptr);
  CHECK(same(t, model));
  for (uint32_t i = 0; i < next; i += 6) model[{i, 0}] = t.table.value(t.table.insert({i, 0})).count = 5 * i;
  CHECK(same(t, model));
  while (t.flow->maintain()) continue;
  CHECK(t.flow->old_index == nullptr);
  CHECK(same(t, model));
}

TEST("flow table: looks up a batch as it looks up one by one") {
  First t(first_layout());
  unit::Random random{unit::seed()};
  for (uint32_t i = 0; i < 3000; ++i) t.table.insert({i, 1});
  TestKey keys[HC_BATCH_CAPACITY];
  uint32_t slots[HC_BATCH_CAPACITY];
  for (uint32_t round = 0; round < 50; ++round) {
    const uint32_t n = random.below(HC_BATCH_CAPACITY + 1);
    for (uint32_t i = 0; i < n; ++i) keys[i] = {random.below(6000), 1};
    t.table.find_batch(keys, n, slots);
    for (uint32_t i = 0; i < n; ++i) CHECK_EQ(slots[i], t.table.find(keys[i]));
  }
}

TEST("flow table: a full table refuses, and takes again when there is room") {
  First t(first_layout(), 100);
  for (uint32_t i = 0; i < 100; ++i) CHECK(t.table.insert({i, 0}) != no_slot);
  CHECK_EQ(t.table.insert({100, 0}), no_slot);
  CHECK_EQ(t.table.size(), 100u);
  t.table.erase(t.table.find({50, 0}));
  CHECK(t.table.insert({100, 0}) != no_slot);
  CHECK_EQ(t.table.find({50, 0}), no_slot);
}

TEST("flow table: records whose time is up go, others stay, and the element may keep one") {
  First t(first_layout());
  const auto keep_odd = [](void*, uint32_t, void* key, void*) -> uint32_t {
    return static_cast<const TestKey*>(key)->address % 2 ? 50 : 0;
  };
  t.own(keep_odd, 1000);
  for (uint32_t i = 0; i < 400; ++i) t.table.touch(t.table.insert({i, 0}), i < 200 ? 10 : 0);
  t.shard.ticks += 9;
  t.flow->sweep_all();
  CHECK_EQ(t.table.size(), 400u);
  t.shard.ticks += 1;
  t.flow->sweep_all();
  CHECK_EQ(t.table.size(), 300u);
  CHECK_EQ(t.table.find({2, 0}), no_slot);
  CHECK(t.table.find({3, 0}) != no_slot && t.table.find({202, 0}) != no_slot);
  t.own(nullptr, 1000);
  t.shard.ticks += 50;
  t.flow->sweep_all();
  CHECK_EQ(t.table.size(), 200u);
}

TEST("flow table: upkeep looks at every record within five seconds, over the wrap of the clock too") {
  First t(first_layout());
  t.shard.ticks = UINT32_MAX - 10;
  for (uint32_t i = 0; i < 5000; ++i) t.table.touch(t.table.insert({i, 0}), 8);
  for (uint32_t tick = 0; tick < 8 + 5 * ticks_per_second + 1; ++tick) {
    ++t.shard.ticks;
    for (uint32_t round = 0; round < 100; ++round) t.flow->maintain();
    if (tick < 6) CHECK_EQ(t.table.size(), 5000u);
  }
  CHECK_EQ(t.table.size(), 0u);
}
