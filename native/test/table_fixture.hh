/// A table without an element: what the tests of flow tables share.
#pragma once
#include <hotclick/table.hpp>
#include <memory>
#include <string>

#include "../core/host.hh"
#include "../state/flow_table.hh"
#include "unit.hpp"

namespace hotclick::core {

struct TestKey {
  uint32_t address;
  uint32_t port;
  bool operator==(const TestKey&) const = default;
};
struct TestValue {
  uint64_t count;
  uint32_t state;
  uint32_t spare;
};
/// The next version of TestValue: one field wider, one in another place, one new.
struct TestValue2 {
  uint64_t state;
  uint64_t count;
  uint32_t born;
  uint32_t more[3];
};

inline SchemaCopy test_key() {
  return {1, sizeof(TestKey), {{"address", HC_U32, 0, 4}, {"port", HC_U32, 4, 4}}};
}
inline SchemaCopy test_value() {
  return {1, sizeof(TestValue), {{"count", HC_U64, 0, 8}, {"state", HC_U32, 8, 4}}};
}
inline SchemaCopy test_value2() {
  return {2, sizeof(TestValue2), {{"state", HC_U64, 0, 8}, {"count", HC_U64, 8, 8}, {"born", HC_U32, 16, 4}}};
}
inline TableLayout first_layout() {
  return TableLayout::of(test_key(), test_value());
}
inline TableLayout second_layout() {
  TableLayout layout = TableLayout::of(test_key(), test_value2());
  layout.defaults = [](void* value) { *static_cast<TestValue2*>(value) = {0, 0, 77, {}}; };
  return layout;
}
inline std::shared_ptr<Conversion> first_to_second() {
  std::string error;
  return Conversion::plan(test_value(), test_value2(), nullptr, true, nullptr, error);
}

/// The table, the shard it belongs to, and an element's view of it.
template <class Value>
struct TableFixture {
  explicit TableFixture(const TableLayout& layout, uint32_t limit = 1u << 20) {
    std::string error;
    shard.host = &host_functions();
    shard.ticks = 1000;
    flow = FlowTable::create("test", layout, limit, error);
    if (!CHECK(flow != nullptr)) std::abort();
    own(nullptr, limit);
    table.table = flow.get();
  }
  /// Says what is asked before a record expires, and how many there may be.
  void own(uint32_t (*expire)(void*, uint32_t, void*, void*), uint32_t limit) {
    hc_state declaration = {};
    declaration.expire = expire;
    declaration.defaults = flow->layout().defaults;
    flow->set_owner(&shard, this, declaration, limit);
  }
  /// The same table as an element of another version sees it.
  template <class Other>
  Table<TestKey, Other> as() const {
    Table<TestKey, Other> other;
    other.table = flow.get();
    return other;
  }
  hc_shard shard = {};
  std::unique_ptr<FlowTable> flow;
  Table<TestKey, Value> table;
};

}  // namespace hotclick::core
