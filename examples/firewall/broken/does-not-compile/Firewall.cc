// A version that the compiler refuses: an upgrade to it ends in the build step, and nothing running is
// touched.
#include "../../../../native/elements/flow/firewall/declaration.hpp"
using namespace hotclick;
using namespace hotclick::firewall;

struct Record {
  Connection core;
};
constexpr auto record_v1 = connection_schema<Record>(1);

struct Firewall : FirewallEngine<Firewall, Record> {
  void connection_opened(const FlowKey&, Record& record) {
    record.core.first_seen = now();
  }  // no such member
};

constexpr auto info = declare_firewall<Firewall>("3.0.0", record_v1);
HOTCLICK_EXPORT(info)
