// The way back from a changed record layout, while the records before are held.
#include "../test/table_fixture.hh"
#include "flow_table.hh"

using namespace hotclick;
using namespace hotclick::core;

namespace {

using First = TableFixture<TestValue>;

std::shared_ptr<Conversion> second_to_first() {
  return Conversion::plan_back(test_value2(), test_value(), nullptr, false, nullptr);
}

bool change_and_hold(First& t) {
  std::string error;
  auto prepared = t.flow->prepare_layout(second_layout(), first_to_second(), error);
  if (!CHECK(prepared != nullptr)) return false;
  t.flow->change_layout(*prepared, true);
  return true;
}

void take_back(First& t) {
  auto back = second_to_first();
  t.flow->take_layout_back(back);
  t.own(nullptr, 1u << 20);
}

void convert_all(First& t) {
  while (t.flow->maintain()) {
  }
}

}  // namespace

TEST("flow table return: what was touched comes back converted, the rest was never away") {
  const uint64_t seed = unit::seed();
  for (const bool finished : {false, true}) {
    unit::Random random{seed};
    First t(first_layout());
    constexpr uint32_t records = 3000;
    uint64_t count[records] = {};
    for (uint32_t i = 0; i < records; ++i) {
      if (i % 3 == 2) continue;  // for the new version to insert
      const uint32_t slot = t.table.insert({i, 5});
      count[i] = 10 * i + 1;
      t.table.value(slot) = {count[i], i, 1000 + i};
    }
    if (!change_and_hold(t)) return;
    auto second = t.as<TestValue2>();
    for (uint32_t n = 0; n < 4000; ++n) {
      const uint32_t i = random.below(records);
      uint32_t slot = second.find({i, 5});
      if (slot == no_slot) {
        slot = second.insert({i, 5});
        second.value(slot).count = count[i] = 7;
      } else if (random.chance(30)) {
        second.erase(slot);
        count[i] = 0;
      } else {
        second.value(slot).count = ++count[i];
      }
      if (n % 8 == 0 && n < 200) t.flow->maintain();
    }
    if (finished) {
      convert_all(t);
      CHECK(!t.flow->converting());
      CHECK(!t.flow->take_retired().first.ok());  // held, also when all are converted
    }
    take_back(t);
    for (const bool settled : {false, true}) {
      if (settled) convert_all(t);
      uint32_t live = 0;
      for (uint32_t i = 0; i < records; ++i) {
        const uint32_t slot = t.table.find({i, 5});
        if (!CHECK_EQ(slot != no_slot, count[i] != 0)) return;
        if (slot == no_slot) continue;
        ++live;
        if (!CHECK_EQ(t.table.value(slot).count, count[i])) return;
      }
      CHECK_EQ(t.table.size(), live);
    }
    CHECK(t.flow->take_retired().first.ok());
    CHECK(!t.flow->converting());
    if (!change_and_hold(t)) return;  // and another upgrade may follow
    t.flow->release();
    convert_all(t);
    CHECK(t.flow->take_retired().first.ok());
  }
}

TEST("flow table return: a record that stayed keeps what only its own layout has") {
  First t(first_layout());
  const uint32_t slot = t.table.insert({1, 5});
  t.table.value(slot) = {3, 4, 99};
  if (!change_and_hold(t)) return;
  auto second = t.as<TestValue2>();
  ++second.value(second.find({1, 5})).count;
  take_back(t);
  const TestValue& value = t.table.value(t.table.find({1, 5}));
  CHECK_EQ(value.count, 4u);
  CHECK_EQ(value.spare, 99u);
}

TEST("flow table return: released, the old records go once all are converted") {
  First t(first_layout());
  for (uint32_t i = 0; i < 1000; ++i) t.table.insert({i, 5});
  if (!change_and_hold(t)) return;
  convert_all(t);
  CHECK(!t.flow->just_converted());
  t.flow->release();
  CHECK(t.flow->just_converted());
  CHECK(t.flow->take_retired().first.ok());
}
