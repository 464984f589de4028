/// A version of Firewall brings its connection record and, where it wants to, a word in two places:
///
///     struct Record { Connection core; … };          // its own fields after the shared ones
///     struct Firewall : FirewallEngine<Firewall, Record> {
///       void connection_opened(const FlowKey&, Record&) { … }
///       void print_more(Text, const Record&) { … }
///     };
#pragma once
#include "base.hpp"
#include "listing.hpp"

namespace hotclick::firewall {

template <class Self, class Record>
struct FirewallEngine : FirewallBase {
  /// Called for every new connection; a version may fill in its own fields.
  void connection_opened(const FlowKey&, Record&) {}
  /// A version may print its own fields; called within a line.
  void print_more(Text, const Record&) {}

 private:
  static_assert(offsetof(Record, core) == 0 && __is_same(decltype(Record::core), Connection));
  static Record& record_of(Connection& c) { return reinterpret_cast<Record&>(c); }
  static const Record& record_of(const Connection& c) { return reinterpret_cast<const Record&>(c); }

  HC_COLD void begin_record(const FlowKey& key, Connection& core) final {
    Record& record = record_of(core);
    Record fresh{};
    fresh.core = core;
    record = fresh;
    static_cast<Self*>(this)->connection_opened(key, record);
  }
  HC_COLD void print_record(Text out, const Connection& core) final {
    static_cast<Self*>(this)->print_more(out, record_of(core));
  }
};

}  // namespace hotclick::firewall
