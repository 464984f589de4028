/// Base of the IPv4 routing table elements: arguments, handlers, lookup, and the routes that came by handler,
/// which survive an upgrade.
#pragma once
#include "element.hpp"
#include "ip_routes.hpp"
#include "table_scan.hpp"

namespace hotclick {

struct RouteKey {
  Ipv4Address address;  // host bits 0
  uint32_t bits = 0;
};
/// How the routes differ from the element's arguments at one prefix.
struct RouteChange {
  Ipv4Address gateway;
  uint16_t port = 0;
  bool removed = false;
  bool configured =
      false;  // the arguments have a route for the prefix: without it a removal leaves nothing to keep
};
inline constexpr auto route_key_v1 =
    schema<RouteKey>(1, HC_FIELD(RouteKey, address), HC_FIELD(RouteKey, bits));
inline constexpr auto route_change_v1 =
    schema<RouteChange>(1, HC_FIELD(RouteChange, gateway), HC_FIELD(RouteChange, port),
                        HC_FIELD(RouteChange, removed), HC_FIELD(RouteChange, configured));

struct RouteElement : Element {
  enum : uint32_t { no_route };
  Table<RouteKey, RouteChange> changes;
  RouteTable routes;
  TableScan restoring{changes};  // what start() has not put in yet

  HC_COLD ~RouteElement() { routes.release(); }

  bool configure(Arguments& arguments);

  /// Routes that came by handler are put in again, a bounded number at once, the rest by the task.
  void start(bool);
  bool run();

  void classify(Batch& batch, uint16_t* ports);

  // ---- handlers
  void text(Text out);
  bool lookup(String address, Text out, Error& error);
  bool add(String value, Error& error) { return command(Kind::add, value, nullptr, error); }
  bool set(String value, Error& error) { return command(Kind::set, value, nullptr, error); }
  bool remove(String value, Error& error) { return command(Kind::remove, value, nullptr, error); }
  bool flush(String, Error& error);
  /// Commands "add ROUTE", "set ROUTE", "remove PREFIX", one a line: all are done or, after a mistake, none.
  bool control(String value, Error& error);

 private:
  enum class Kind { add, set, remove };
  /// What takes a command back.
  struct Undo {
    RouteWords route;
    bool had;
  };

  uint32_t put(const RouteWords& r);
  bool command(Kind kind, const String& value, Undo* undo, Error& error);
  static bool about(Error& error, const char* what, const RouteWords& r);

  bool put_in(const RouteWords& r, Error& error);
  bool take_out(const RouteWords& r, Error& error);
  /// The record of changes at a prefix, made if it is not there; no_slot when there is no room.
  uint32_t change_slot(const RouteWords& r);

  /// Puts up to `n` changes of an earlier instance in; true when some are left.
  bool restore(uint32_t n);
};

/// The declaration that all routing table elements share.
template <class T>
constexpr Declaration<T> route_element(const char* name, const char* version) {
  return element<T>(name, version)
      .ports("1/-")
      .processing("h/h")
      .rest("ROUTE", "ADDR/MASK [GATEWAY] PORT; a later route for the same prefix replaces an earlier one")
      .template table<&T::changes>("changes", route_key_v1, route_change_v1,
                                   "routes set and removed by handler, as differences from the arguments")
      .template read<&T::text>("table", merge::same, "all routes, one a line: prefix, gateway or '-', output")
      .template read<&T::lookup>("lookup", merge::same,
                                 "output and gateway for the address that is given; -1 if there is no route")
      .template write<&T::add>("add",
                               "puts a route in: ADDR/MASK [GATEWAY] PORT; fails if there is one already")
      .template write<&T::set>("set", "puts a route in, or changes the one for the prefix")
      .template write<&T::remove>("remove", "takes the route for ADDR/MASK out")
      .template write<&T::flush>("flush", "takes all routes out")
      .template write<&T::control>("ctrl",
                                   "lines of 'add ROUTE', 'set ROUTE', 'remove PREFIX': all or none are done")
      .drop("no route", "no prefix of the table covers the destination annotation");
}

}  // namespace hotclick
