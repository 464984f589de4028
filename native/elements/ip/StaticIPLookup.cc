#include <hotclick/route_element.hpp>
using namespace hotclick;

struct StaticIPLookup : RouteElement {};

constexpr auto info = route_element<StaticIPLookup>("StaticIPLookup", "1.0.0")
                          .help(R"(Routes IPv4 packets by longest prefix match on the destination annotation.

Each argument is a route `ADDR/MASK [GATEWAY] PORT`. A packet leaves by the PORT of the longest prefix that covers
its destination annotation (CheckIPHeader and GetIPAddress set it); with a GATEWAY the annotation becomes that.
Packets without a route are dropped.

    rt :: StaticIPLookup(18.26.4.24/32 0, 18.26.4.0/24 1, 0.0.0.0/0 18.26.4.1 1);
    ... -> GetIPAddress(16) -> rt; rt[0] -> ToHost; rt[1] -> ...

Differs from Click: it is the same trie as RadixIPLookup's, so the number of routes does not matter, and routes can
be changed by handler; `lookup` is asked by writing the address and reading the answer.)");
HOTCLICK_EXPORT(info)
