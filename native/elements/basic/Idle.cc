/// A port's partner that never does anything.
///   Idle -> [1]lookup;
#include <hotclick/element.hpp>
using namespace hotclick;

struct Idle : Element {
  enum : uint32_t { idle };

  void push(uint32_t, Batch& batch) { drop_now(idle, batch); }
  uint32_t pull(uint32_t, Batch&, uint32_t) { return 0; }
};

constexpr auto info =
    element<Idle>("Idle", "1.0.0")
        .ports("-/-")
        .flow("x/y")
        .help(
            "Discards packets, and never sends any.\n\n"
            "Takes the place of a missing neighbour, so that every port is connected: what is pushed "
            "to it is dropped, what pulls from it gets nothing, and it pulls nothing itself.\n\n"
            "    Idle -> [1]arp;\n"
            "    lookup[3] -> Idle;")
        .drop("idle", "a packet was pushed to the element");
HOTCLICK_EXPORT(info)
