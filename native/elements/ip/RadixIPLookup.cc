#include <hotclick/route_element.hpp>
using namespace hotclick;

struct RadixIPLookup : RouteElement {};

constexpr auto info = route_element<RadixIPLookup>("RadixIPLookup", "1.0.0")
                          .help(R"(Routes IPv4 packets by longest prefix match, for tables of any size.

Each argument is a route `ADDR/MASK [GATEWAY] PORT`. A packet leaves by the PORT of the longest prefix that covers
its destination annotation (CheckIPHeader and GetIPAddress set it); with a GATEWAY the annotation becomes that.
Packets without a route are dropped. Routes that come by handler survive an upgrade of the element.

    rt :: RadixIPLookup(18.26.4.24/32 0, 18.26.4.0/24 1, 0.0.0.0/0 18.26.4.1 1);
    ... -> CheckIPHeader(14) -> rt; rt[0] -> ToHost; rt[1] -> ...

A trie of three levels over 16, 8 and 8 bits: one to three loads a packet, fetched ahead for the whole batch.
Differs from Click: `add` fails when there is a route for the prefix; `lookup` is asked by writing the address and
reading the answer.)");
HOTCLICK_EXPORT(info)
