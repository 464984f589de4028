// A table that another engine goes on with: handed over, or found after its engine was killed at any instruction.
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <ctime>
#include <map>
#include <vector>

#include "../test/table_fixture.hh"
#include "flow_table.hh"

using namespace hotclick;
using namespace hotclick::core;

namespace {

using First = TableFixture<TestValue>;
using Model = std::map<uint32_t, uint64_t>;  // port (address is 0) to count

MappedRegion again(const MappedRegion& region) {
  return MappedRegion::adopt(region.fd(), region.size());
}

/// The table as an engine sees it that was given its descriptors.
std::unique_ptr<FlowTable> successor_of(const FlowTable& giver) {
  std::string error;
  auto t = FlowTable::adopt("test", first_layout(), giver.hc_table::layout, again(giver.record_region()),
                            again(giver.index_region()), error);
  CHECK(t != nullptr);
  return t;
}

/// One step of a history that is the same for the same seed.
template <class Value>
void step(Table<TestKey, Value>& table, Model& model, unit::Random& random, uint32_t keys) {
  const uint32_t port = random.below(keys);
  const uint32_t slot = table.find({0, port});
  const auto known = model.find(port);
  if (!CHECK_EQ(slot != no_slot, known != model.end())) return;
  if (slot == no_slot) {
    table.value(table.insert({0, port})).count = model[port] = random.next();
  } else if (random.chance(40)) {
    table.erase(slot);
    model.erase(known);
  } else {
    table.value(slot).count = known->second = random.next();
  }
}

template <class Value>
bool same(const Table<TestKey, Value>& table, const Model& model) {
  if (!CHECK_EQ(table.size(), model.size())) return false;
  for (const auto& [port, count] : model) {
    const uint32_t slot = table.find({0, port});
    if (!CHECK(slot != no_slot) || !CHECK_EQ(table.value(slot).count, count)) return false;
  }
  return true;
}

}  // namespace

TEST("table transfer: a successor finds what the giver left, in every phase of growth, and goes on") {
  unit::Random random{unit::seed()};
  First t(first_layout());
  Model model;
  std::vector<std::unique_ptr<FlowTable>> owners;
  bool grew = false;
  for (uint32_t round = 0; round < 300; ++round) {
    for (uint32_t n = random.below(40); n != 0; --n) step(t.table, model, random, 20'000);
    FlowTable& giver = owners.empty() ? *t.flow : *owners.back();
    grew |= giver.old_index != nullptr;
    auto next = successor_of(giver);
    if (!next) return;
    giver.seal();
    if (!CHECK(next->open_sealed())) return;
    hc_state declaration = {};
    next->set_owner(&t.shard, &t, declaration, 1u << 20);
    owners.push_back(std::move(next));
    t.table.table = owners.back().get();
    if (!same(t.table, model)) return;
  }
  CHECK(grew);
}

TEST("table transfer: dirty pages stay dirty, and the giver can go on after all") {
  First t(first_layout());
  for (uint32_t i = 0; i < 500; ++i) t.table.insert({0, i});
  auto next = successor_of(*t.flow);
  t.flow->seal();
  if (!CHECK(next && next->open_sealed())) return;
  uint32_t cursor = 0, page = 0, pages = 0;
  std::vector<uint8_t> room(next->page_bytes());
  while (next->publish_page(cursor, page, room.data())) ++pages;
  CHECK_EQ(pages, 8u);
  next.reset();
  CHECK(t.table.insert({0, 500}) != no_slot);
  CHECK_EQ(t.table.size(), 501u);
}

TEST("table transfer: memory that does not fit its description is refused") {
  First t(first_layout());
  std::string error;
  const auto adopt = [&](const TableLayout& layout, const MappedRegion& records, const MappedRegion& index) {
    return FlowTable::adopt("test", layout, 1, again(records), again(index), error);
  };
  const MappedRegion small = MappedRegion::create("small", 4096);
  CHECK(adopt(first_layout(), small, t.flow->index_region()) == nullptr);
  CHECK(adopt(first_layout(), t.flow->record_region(), small) == nullptr);
  TableLayout wider = first_layout();
  wider.stride = 1024;
  CHECK(adopt(wider, t.flow->record_region(), t.flow->index_region()) == nullptr);
  auto unsealed = adopt(first_layout(), t.flow->record_region(), t.flow->index_region());
  CHECK(unsealed && !unsealed->open_sealed());
}

namespace {

/// A process that works on tables in shared memory until it is killed.
struct Victim {
  struct Progress {
    uint64_t done;  // steps that are over
    uint32_t changed;
  };
  Progress* progress =
      static_cast<Progress*>(mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  ~Victim() { munmap(progress, 4096); }

  template <class Work>
  void run_and_kill(uint32_t microseconds, Work work) {
    const pid_t child = fork();
    if (child == 0) {
      work();
      pause();
      _exit(0);
    }
    while (__atomic_load_n(&progress->done, __ATOMIC_ACQUIRE) == 0) usleep(50);
    const timespec wait{0, static_cast<long>(microseconds) * 1000};
    nanosleep(&wait, nullptr);
    kill(child, SIGKILL);
    int status = 0;
    waitpid(child, &status, 0);
    CHECK(WIFSIGNALED(status));
  }
};

constexpr uint32_t few_keys = 3000;

/// The model after so many steps of a history.
Model replay(uint64_t seed, uint64_t steps) {
  First t(first_layout());
  Model model;
  unit::Random random{seed};
  for (uint64_t n = 0; n < steps; ++n) step(t.table, model, random, few_keys);
  return model;
}

/// After a kill within step `done` the table is as before it or after it; the value of a record that the step
/// made may still be the default, since the element writes it after the insertion.
template <class Value>
void check_recovered(FlowTable& flow, uint64_t seed, uint64_t done) {
  hc_shard shard = {};
  shard.host = &host_functions();
  hc_state declaration = {};
  declaration.defaults = flow.layout().defaults;
  flow.set_owner(&shard, nullptr, declaration, 1u << 20);
  Table<TestKey, Value> table;
  table.table = &flow;
  const Model before = replay(seed, done), after = replay(seed, done + 1);
  uint32_t different = 0;
  for (uint32_t port = 0; port < few_keys; ++port) {
    const uint32_t slot = table.find({0, port});
    const auto was = before.find(port), is = after.find(port);
    const bool there = slot != no_slot;
    if (there != (was != before.end()) && !CHECK_EQ(there, is != after.end())) return;
    if (!there) continue;
    const uint64_t count = table.value(slot).count;
    if (was != before.end() && count == was->second) continue;
    ++different;
    if (!CHECK(count == 0 || (is != after.end() && count == is->second))) return;
  }
  CHECK(different <= 1);
  // It works on: every slot can be used, and none twice.
  uint32_t made = 0;
  while (table.size() < 2 * few_keys) {
    if (!CHECK(table.insert({1, made++}) != no_slot)) return;
  }
  for (uint32_t i = 0; i < made; ++i) {
    if (!CHECK(table.find({1, i}) != no_slot)) return;
  }
  for (const auto& [port, count] : before) {
    if (after.contains(port) && !CHECK(table.find({0, port}) != no_slot)) return;
  }
}

}  // namespace

TEST("table transfer: kill -9 at any instruction loses no record") {
  const uint64_t seed = unit::seed();
  unit::Random random{seed};
  for (uint32_t run = 0; run < 40; ++run) {
    First t(first_layout());
    Victim victim;
    const uint64_t history = random.next();
    victim.run_and_kill(random.below(random.chance(50) ? 400 : 3000), [&] {
      Model model;
      unit::Random steps{history};
      for (uint64_t n = 1;; ++n) {
        step(t.table, model, steps, few_keys);
        __atomic_store_n(&victim.progress->done, n, __ATOMIC_RELEASE);
      }
    });
    std::vector<RecordPart> parts;
    parts.push_back({again(t.flow->record_region()), first_layout(), 1});
    std::string error;
    auto found = FlowTable::recover("test", std::move(parts), 0, t.flow->index_region(), nullptr, error);
    if (!CHECK(found != nullptr)) return;
    check_recovered<TestValue>(*found, history, victim.progress->done);
  }
}

TEST("table transfer: whoever goes on with a table looks for ended records where the one before was") {
  First t(first_layout());
  t.own(nullptr, 20'000);
  for (uint32_t i = 0; i < 10'000; ++i) t.table.insert({0, i});
  t.shard.ticks += 1;
  for (uint32_t round = 0; round < 100; ++round) t.flow->maintain();
  const uint32_t at = t.flow->head()->sweep_at;
  CHECK(at > 0 && at < 10'000);
  const auto successor = successor_of(*t.flow);
  if (!successor) return;
  CHECK_EQ(successor->head()->sweep_at, at);
  std::vector<RecordPart> parts;
  parts.push_back({again(t.flow->record_region()), first_layout(), 1});
  std::string error;
  const auto found = FlowTable::recover("test", std::move(parts), 0, t.flow->index_region(), nullptr, error);
  if (!CHECK(found != nullptr)) return;
  CHECK_EQ(found->head()->sweep_at, at);
}

TEST("table transfer: kill -9 while records convert loses none, forwards and backwards") {
  const uint64_t seed = unit::seed();
  unit::Random random{seed};
  std::string error;
  for (uint32_t run = 0; run < 40; ++run) {
    First t(first_layout());
    Victim victim;
    const uint64_t history = random.next();
    auto prepared = t.flow->prepare_layout(second_layout(), first_to_second(), error);
    if (!CHECK(prepared != nullptr)) return;
    const MappedRegion second = again(prepared->records);
    const uint32_t change_at = 2000 + random.below(3000);
    victim.run_and_kill(random.below(random.chance(50) ? 400 : 3000), [&] {
      Model model;
      unit::Random steps{history};
      Table<TestKey, TestValue2> changed = t.as<TestValue2>();
      for (uint64_t n = 1;; ++n) {
        if (n == change_at) t.flow->change_layout(*prepared);
        if (n >= change_at)
          step(changed, model, steps, few_keys);
        else
          step(t.table, model, steps, few_keys);
        if (n % 64 == 0) t.flow->maintain();
        __atomic_store_n(&victim.progress->done, n, __ATOMIC_RELEASE);
      }
    });
    const bool back = random.chance(50);
    for (int time = 0; time < 2;
         ++time) {  // whoever recovers may be killed too: what it leaves can be recovered
      std::vector<RecordPart> parts;
      parts.push_back({again(second), second_layout(), 2});
      parts.push_back({again(t.flow->record_region()), first_layout(), 1});
      const auto conversion =
          back ? Conversion::plan(test_value2(), test_value(), nullptr, false, nullptr, error)
               : first_to_second();
      auto found = FlowTable::recover("test", std::move(parts), back ? 1 : 0, t.flow->index_region(),
                                      conversion.get(), error);
      if (!CHECK(found != nullptr)) return;
      if (time == 0) continue;
      if (back)
        check_recovered<TestValue>(*found, history, victim.progress->done);
      else
        check_recovered<TestValue2>(*found, history, victim.progress->done);
    }
  }
}
