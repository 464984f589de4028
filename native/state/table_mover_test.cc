#include "table_mover.hh"

#include "table_fixture.hh"

namespace hotclick::core {
namespace {

TestKey key_of(uint32_t n) {
  return {n, n * 7 + 1};
}

TEST("moving a table: records move in steps with their values and times") {
  TableFixture<TestValue> from(first_layout()), to(first_layout());
  for (uint32_t n = 0; n < 1000; ++n) {
    const uint32_t slot = from.table.insert(key_of(n));
    from.table.value(slot) = {n, n & 3, 0};
    from.table.touch(slot, n % 5 ? 100 + n : 0);
  }
  TableMover mover(*from.flow, to.flow.get(), nullptr);
  uint32_t steps = 1;
  while (mover.step()) ++steps;
  CHECK(steps >= 1000 / 64);
  CHECK(from.flow->live == 0);
  CHECK(to.flow->live == 1000);
  for (uint32_t n = 0; n < 1000; ++n) {
    const uint32_t slot = to.table.find(key_of(n));
    if (!CHECK(slot != no_slot)) return;
    CHECK(to.table.value(slot).count == n && to.table.value(slot).state == (n & 3));
    CHECK(to.table.record(slot).expires == (n % 5 ? 1100 + n : 0));
  }
}

TEST("moving a table: records are converted to the layout of the table they move to") {
  TableFixture<TestValue> from(first_layout());
  TableFixture<TestValue2> to(second_layout());
  const uint32_t slot = from.table.insert(key_of(5));
  from.table.value(slot) = {12, 3, 0};
  TableMover mover(*from.flow, to.flow.get(), first_to_second());
  while (mover.step()) {
  }
  const uint32_t moved = to.table.find(key_of(5));
  if (!CHECK(moved != no_slot)) return;
  CHECK(to.table.value(moved).count == 12 && to.table.value(moved).state == 3);
  CHECK(to.table.value(moved).born == 77);
}

TEST("moving a table: two records that name each other stay together") {
  TableFixture<TestValue> from(first_layout()), to(first_layout());
  to.table.insert(key_of(9999));  // so that slots differ
  for (uint32_t n = 0; n < 300; n += 2) {
    const uint32_t one = from.table.insert(key_of(n));
    from.table.insert(key_of(n + 100'000));  // a stranger between them
    const uint32_t other = from.table.insert(key_of(n + 1));
    from.table.record(one).link = other;
    from.table.record(other).link = one;
  }
  TableMover mover(*from.flow, to.flow.get(), nullptr);
  while (mover.step()) {
    for (uint32_t n = 0; n < 300; n += 2) {
      CHECK((to.table.find(key_of(n)) == no_slot) == (to.table.find(key_of(n + 1)) == no_slot));
    }
  }
  for (uint32_t n = 0; n < 300; n += 2) {
    const uint32_t one = to.table.find(key_of(n)), other = to.table.find(key_of(n + 1));
    CHECK(to.table.record(one).link == other && to.table.record(other).link == one);
  }
}

TEST("moving a table: a table at its limit takes the records of flows that exist") {
  TableFixture<TestValue> from(first_layout()), to(first_layout(), 10);
  for (uint32_t n = 0; n < 10; ++n) {
    from.table.insert(key_of(n));
    to.table.insert(key_of(n + 100));
  }
  TableMover mover(*from.flow, to.flow.get(), nullptr);
  while (mover.step()) {
  }
  CHECK(to.flow->live == 20);
  CHECK(to.table.insert(key_of(500)) == no_slot);
}

TEST("moving a table: records put in while others move are moved too") {
  TableFixture<TestValue> from(first_layout()), to(first_layout());
  for (uint32_t n = 0; n < 200; ++n) from.table.insert(key_of(n));
  TableMover mover(*from.flow, to.flow.get(), nullptr);
  mover.step();
  from.table.insert(key_of(1000));  // takes a slot that the mover has passed
  while (mover.step()) {
  }
  CHECK(to.flow->live == 201);
  CHECK(to.table.find(key_of(1000)) != no_slot);
}

TEST("moving a table: records of a table that the newer version does not have go") {
  TableFixture<TestValue> from(first_layout());
  for (uint32_t n = 0; n < 100; ++n) from.table.insert(key_of(n));
  TableMover mover(*from.flow, nullptr, nullptr);
  while (mover.step()) {
  }
  CHECK(from.flow->live == 0);
}

TEST("moving a table: a table that takes a name over ends the pages that the one before had") {
  TableFixture<TestValue> before(first_layout()), after(first_layout());
  for (uint32_t n = 0; n < 200; ++n) before.table.insert(key_of(n));
  std::vector<uint8_t> out(before.flow->page_bytes());
  uint32_t cursor = 0, page = 0;
  while (before.flow->publish_page(cursor, page, out.data()) != 0) {
  }
  after.flow->take_name_of(*before.flow);
  after.table.insert(key_of(1));
  uint32_t empty = 0, filled = 0;
  while (const uint32_t size = after.flow->publish_page(cursor, page, out.data()))
    ++(size == 8 ? empty : filled);
  CHECK(empty == 3 && filled == 1);
  uint32_t again = 0;
  while (before.flow->publish_page(cursor, page, out.data()) != 0) ++again;
  CHECK(again == 4);
}

}  // namespace
}  // namespace hotclick::core
