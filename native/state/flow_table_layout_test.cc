// What happens to a table's records when their layout changes and when they go to the store and back.
#include <map>
#include <vector>

#include "../test/table_fixture.hh"
#include "flow_table.hh"

using namespace hotclick;
using namespace hotclick::core;

namespace {

using First = TableFixture<TestValue>;
using Second = TableFixture<TestValue2>;
using Pages = std::map<uint32_t, std::vector<uint8_t>>;

/// Everything dirty, by page.
Pages publish(FlowTable& table) {
  Pages pages;
  std::vector<uint8_t> room(table.page_bytes());
  uint32_t cursor = 0, page = 0;
  while (const uint32_t size = table.publish_page(cursor, page, room.data())) {
    pages[page].assign(room.begin(), room.begin() + size);
  }
  return pages;
}

void fill(First& t, uint32_t from, uint32_t to) {
  for (uint32_t i = from; i < to; ++i) {
    const uint32_t slot = t.table.insert({i, 5});
    t.table.value(slot) = {uint64_t{i} * 3, i + 1, 0};
    t.table.touch(slot, 100 + i);
  }
}

bool change(First& t) {
  std::string error;
  auto prepared = t.flow->prepare_layout(second_layout(), first_to_second(), error);
  if (!CHECK(prepared != nullptr)) return false;
  t.flow->change_layout(*prepared);
  return CHECK(t.flow->converting());
}

bool is_converted(const TestValue2& v, uint32_t i) {
  return v.count == uint64_t{i} * 3 && v.state == i + 1 && v.born == 77;
}

}  // namespace

TEST("flow table layout: records have the new layout when they are first touched") {
  First t(first_layout());
  fill(t, 0, 1000);
  t.table.erase(t.table.find({10, 5}));
  if (!change(t)) return;
  const auto second = t.as<TestValue2>();
  CHECK_EQ(t.flow->converted(), 0u);
  const uint32_t slot = second.find({500, 5});
  CHECK(slot != no_slot && is_converted(second.value(slot), 500));
  CHECK_EQ(second.record(slot).expires, 1000u + 100 + 500);
  CHECK(t.flow->converted() >= 1 && t.flow->converted() < 10);
  CHECK_EQ(second.find({10, 5}), no_slot);
}

TEST("flow table layout: idle time converts the rest, and the old memory can be taken away") {
  First t(first_layout());
  fill(t, 0, 1000);
  if (!change(t)) return;
  auto second = t.as<TestValue2>();
  CHECK(!t.flow->take_retired().first.ok());
  // Records come and go while others wait for their conversion.
  second.erase(second.find({999, 5}));
  const uint32_t fresh = second.insert({5000, 5});
  CHECK(second.value(fresh).born == 77 && second.value(fresh).count == 0);
  for (uint32_t round = 0; round < 100; ++round) t.flow->maintain();
  CHECK(t.flow->take_retired().first.ok());
  CHECK(!t.flow->converting());
  CHECK_EQ(second.size(), 1000u);
  for (uint32_t i = 0; i < 999; ++i) {
    const uint32_t slot = second.find({i, 5});
    if (!CHECK(slot != no_slot) || !CHECK(is_converted(second.value(slot), i))) return;
  }
}

TEST("flow table layout: only pages that were written are published") {
  First t(first_layout());
  fill(t, 0, 640);
  CHECK_EQ(publish(*t.flow).size(), 10u);
  CHECK_EQ(publish(*t.flow).size(), 0u);
  t.table.mark_dirty(t.table.find({0, 5}));
  t.table.erase(t.table.find({639, 5}));
  const Pages pages = publish(*t.flow);
  CHECK_EQ(pages.size(), 2u);
  CHECK_EQ(pages.at(0).size(), t.flow->page_bytes());
  CHECK_EQ(pages.at(9).size(), t.flow->page_bytes() - (t.flow->page_bytes() - 8) / 64);
  t.flow->mark_all_dirty();
  CHECK_EQ(publish(*t.flow).size(), 10u);
}

TEST("flow table layout: what was published loads into an empty table, slot by slot") {
  const uint64_t seed = unit::seed();
  unit::Random random{seed};
  First t(first_layout());
  fill(t, 0, 5000);
  for (uint32_t i = 0; i < 5000; ++i) {
    if (random.chance(30)) t.table.erase(t.table.find({i, 5}));
  }
  First loaded(first_layout());
  for (const auto& [page, bytes] : publish(*t.flow)) {
    CHECK(loaded.flow->load_page(page, bytes.data(), bytes.size(), first_layout(), nullptr));
  }
  loaded.flow->finish_load();
  CHECK_EQ(loaded.table.size(), t.table.size());
  for (uint32_t i = 0; i < 5000; ++i) {
    const uint32_t slot = t.table.find({i, 5});
    if (!CHECK_EQ(loaded.table.find({i, 5}), slot)) return;
    if (slot == no_slot) continue;
    CHECK_EQ(loaded.table.value(slot).count, t.table.value(slot).count);
    CHECK_EQ(loaded.table.record(slot).expires, t.table.record(slot).expires);
  }
  CHECK_EQ(publish(*loaded.flow).size(), 0u);
  fill(loaded, 10'000, 12'000);
  CHECK_EQ(loaded.table.size(), t.table.size() + 2000);
}

TEST("flow table layout: pages that have changed since they were loaded are loaded again") {
  const uint64_t seed = unit::seed();
  unit::Random random{seed};
  First t(first_layout()), loaded(first_layout());
  fill(t, 0, 3000);
  for (const auto& [page, bytes] : publish(*t.flow))
    CHECK(loaded.flow->load_page(page, bytes.data(), bytes.size(), first_layout(), nullptr));
  loaded.flow->finish_load();
  for (uint32_t round = 0; round < 5; ++round) {
    // Slots are freed and taken by other keys, the table grows.
    for (uint32_t n = 0; n < 500; ++n) {
      const uint32_t slot = t.table.find({random.below(4000), 5});
      if (slot != no_slot) t.table.erase(slot);
    }
    for (uint32_t n = 0; n < 600; ++n) {
      const uint32_t key = random.below(4000);
      if (t.table.find({key, 5}) == no_slot) fill(t, key, key + 1);
    }
    for (const auto& [page, bytes] : publish(*t.flow))
      CHECK(loaded.flow->renew_page(page, bytes.data(), bytes.size(), first_layout(), nullptr));
    loaded.flow->finish_load();
    CHECK_EQ(loaded.table.size(), t.table.size());
    for (uint32_t i = 0; i < 4000; ++i) {
      const uint32_t slot = t.table.find({i, 5});
      if (!CHECK_EQ(loaded.table.find({i, 5}), slot)) return;
      if (slot != no_slot) CHECK_EQ(loaded.table.value(slot).count, t.table.value(slot).count);
    }
  }
  fill(loaded, 10'000, 12'000);
  CHECK_EQ(loaded.table.size(), t.table.size() + 2000);
}

TEST("flow table layout: pages of an older version are converted when they are loaded") {
  First t(first_layout());
  fill(t, 0, 100);
  Second loaded(second_layout());
  const auto conversion = first_to_second();
  for (const auto& [page, bytes] : publish(*t.flow)) {
    CHECK(loaded.flow->load_page(page, bytes.data(), bytes.size(), first_layout(), conversion.get()));
  }
  loaded.flow->finish_load();
  for (uint32_t i = 0; i < 100; ++i) {
    const uint32_t slot = loaded.table.find({i, 5});
    if (!CHECK(slot != no_slot) || !CHECK(is_converted(loaded.table.value(slot), i))) return;
  }
  CHECK_EQ(publish(*loaded.flow).size(), 2u);
}

TEST("flow table layout: a page in the middle of a conversion is published in the new layout") {
  First t(first_layout());
  fill(t, 0, 64);
  publish(*t.flow);
  if (!change(t)) return;
  auto second = t.as<TestValue2>();
  second.mark_dirty(second.find({3, 5}));
  const Pages pages = publish(*t.flow);
  if (!CHECK_EQ(pages.size(), 1u)) return;
  Second loaded(second_layout());
  const auto& bytes = pages.at(0);
  CHECK(loaded.flow->load_page(0, bytes.data(), bytes.size(), second_layout(), nullptr));
  loaded.flow->finish_load();
  CHECK_EQ(loaded.table.size(), 64u);
  CHECK(is_converted(loaded.table.value(loaded.table.find({63, 5})), 63));
}

TEST("flow table layout: damaged pages are refused") {
  First t(first_layout());
  fill(t, 0, 64);
  const std::vector<uint8_t> good = publish(*t.flow).at(0);
  const auto accepts = [&](uint32_t page, const std::vector<uint8_t>& bytes) {
    First loaded(first_layout());
    return loaded.flow->load_page(page, bytes.data(), bytes.size(), first_layout(), nullptr);
  };
  CHECK(accepts(0, good));
  CHECK(!accepts(1u << 30, good));
  for (size_t size = 0; size < good.size(); size += 5) {
    CHECK(!accepts(0, std::vector<uint8_t>(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size))));
  }
  std::vector<uint8_t> fewer = good;
  fewer[0] &= 0xFE;
  CHECK(!accepts(0, fewer));
  First twice(first_layout());
  CHECK(twice.flow->load_page(0, good.data(), good.size(), first_layout(), nullptr));
  CHECK(!twice.flow->load_page(0, good.data(), good.size(), first_layout(), nullptr));
}
