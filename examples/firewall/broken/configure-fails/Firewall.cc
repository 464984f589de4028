// A version that accepts no configuration: an upgrade to it ends when the new instance is configured, beside
// the running one.
#include "../../../../native/elements/flow/firewall/declaration.hpp"
using namespace hotclick;
using namespace hotclick::firewall;

struct Record {
  Connection core;
};
constexpr auto record_v1 = connection_schema<Record>(1);

struct Firewall : FirewallEngine<Firewall, Record> {
  bool configure(Arguments& arguments) { return arguments.fail("this version refuses every configuration"); }
};

constexpr auto info = declare_firewall<Firewall>("3.0.0", record_v1);
HOTCLICK_EXPORT(info)
