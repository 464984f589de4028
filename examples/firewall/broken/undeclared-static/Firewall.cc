// A version with a mutable static variable that is not declared as state: its value would be lost with the
// next upgrade, so the build refuses it by name.
#include "../../../../native/elements/flow/firewall/declaration.hpp"
using namespace hotclick;
using namespace hotclick::firewall;

struct Record {
  Connection core;
};
constexpr auto record_v1 = connection_schema<Record>(1);

static uint64_t connections_seen = 1;

struct Firewall : FirewallEngine<Firewall, Record> {
  void connection_opened(const FlowKey&, Record&) { ++connections_seen; }
  uint64_t seen() const { return connections_seen; }
};

constexpr auto info =
    declare_firewall<Firewall>("3.0.0", record_v1)
        .read<&Firewall::seen>("connections_seen", merge::sum, "connections seen by this library");
HOTCLICK_EXPORT(info)
