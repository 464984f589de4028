#include "firewall/declaration.hpp"
using namespace hotclick;
using namespace hotclick::firewall;

struct Record {
  Connection core;
};
constexpr auto record_v1 = connection_schema<Record>(1);

struct Firewall : FirewallEngine<Firewall, Record> {};

constexpr auto info = declare_firewall<Firewall>("1.0.0", record_v1);
HOTCLICK_EXPORT(info)
