#include "table_copy.hh"

#include <map>
#include <vector>

#include "../test/table_fixture.hh"

using namespace hotclick;
using namespace hotclick::core;

namespace {

using First = TableFixture<TestValue>;
using Pages = std::map<uint32_t, std::vector<uint8_t>>;

Pages copied(const TableCopy& copy) {
  Pages pages;
  for (const TableCopy::Page& p : copy.pages()) pages[p.number].assign(p.data, p.data + p.size);
  return pages;
}

/// The pages as they are now, without a trace in the dirty bits.
Pages pages_of(FlowTable& table) {
  Pages pages;
  std::vector<uint8_t> out(table.page_bytes());
  for (uint32_t page = 0; page << FlowTable::publish_shift < table.high_water(); ++page) {
    const uint64_t dirty = table.dirty[page >> 6];
    const uint32_t size = table.pack_page(page, out.data());
    table.dirty[page >> 6] = dirty;
    if (size > 8) pages[page].assign(out.begin(), out.begin() + size);
  }
  return pages;
}

std::vector<bool> dirty_pages(const FlowTable& table) {
  std::vector<bool> dirty;
  for (uint32_t page = 0; page << FlowTable::publish_shift < table.high_water(); ++page)
    dirty.push_back(table.dirty[page >> 6] >> (page & 63) & 1);
  return dirty;
}

void change_something(First& t, unit::Random& random, uint32_t keys) {
  const TestKey key = {random.below(keys), 7};
  const uint32_t slot = t.table.find(key);
  if (slot == no_slot) {
    const uint32_t made = t.table.insert(key);
    if (made != no_slot) t.table.value(made).count = random.next();
  } else if (random.chance(30)) {
    t.table.erase(slot);
  } else {
    t.table.value(slot).count = random.next();
    t.table.mark_dirty(slot);
  }
}

}  // namespace

TEST("table copy: is the table at the end of its last step, whatever was written meanwhile") {
  unit::Random random{unit::seed()};
  for (uint32_t run = 0; run < 30; ++run) {
    First t(first_layout());
    const uint32_t keys = 1 + random.below(20'000);
    for (uint32_t i = random.below(40'000); i > 0; --i) change_something(t, random, keys);
    auto copy = TableCopy::create(*t.flow);
    if (!CHECK(copy != nullptr)) return;
    uint32_t budget = 4;
    for (uint32_t rounds = 0; !copy->step(budget); ++rounds) {
      CHECK_EQ(budget, 0u);
      budget = 4 + rounds / 64;
      for (uint32_t i = random.below(8); i > 0; --i) change_something(t, random, keys);
    }
    copy->end();
    CHECK(copied(*copy) == pages_of(*t.flow));
  }
}

TEST("table copy: what the store has still to be told of stays dirty, and more does not become so") {
  First t(first_layout());
  std::vector<uint8_t> out(t.flow->page_bytes());
  for (uint32_t i = 0; i < 2000; ++i) t.table.insert({i, 7});
  uint32_t cursor = 0, page = 0;
  while (t.flow->publish_page(cursor, page, out.data()) != 0) {
  }
  t.table.mark_dirty(100);
  auto before = dirty_pages(*t.flow);
  auto copy = TableCopy::create(*t.flow);
  if (!CHECK(copy != nullptr)) return;
  uint32_t budget = 3;
  copy->step(budget);
  t.table.mark_dirty(1000);
  before[1000 >> FlowTable::publish_shift] = true;
  budget = 1000;
  CHECK(copy->step(budget));
  copy->end();
  CHECK(dirty_pages(*t.flow) == before);
}

TEST("table copy: an empty table has no pages") {
  First t(first_layout());
  auto copy = TableCopy::create(*t.flow);
  uint32_t budget = 1;
  CHECK(copy->step(budget));
  copy->end();
  CHECK(copy->pages().empty());
}
