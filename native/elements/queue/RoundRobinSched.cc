/// Pulls from its inputs in turn.
///   q1 -> [0]rr :: RoundRobinSched -> ToDevice(eth0); q2 -> [1]rr;
#include <hotclick/element.hpp>
using namespace hotclick;

struct Turn {
  uint32_t next = 0;
};
constexpr auto turn_v1 = schema<Turn>(1, HC_FIELD(Turn, next));

struct RoundRobinSched : Element {
  State<Turn> turn;

  void start(bool) {
    if (turn->next >= ninputs()) turn->next = 0;  // the graph had more inputs before
  }
  uint32_t pull(uint32_t, Batch& batch, uint32_t max) {
    const uint32_t n = ninputs();
    if (max > batch.room()) max = batch.room();
    uint32_t got = 0, next = turn->next, empty = 0;
    while (got < max && empty < n) {
      if (input(next, batch, 1) != 0) {
        ++got;
        empty = 0;
      } else {
        ++empty;
      }
      if (++next >= n) next = 0;
    }
    turn->next = next;  // a whole round of empty inputs ends where it began
    return got;
  }
};

constexpr auto info =
    element<RoundRobinSched>("RoundRobinSched", "1.0.0")
        .ports("-/1")
        .processing("l/l")
        .help(
            "Pulls from its inputs in turn.\n\n"
            "Every packet comes from the input after the one that gave the last; empty inputs are passed "
            "over. With several shards each takes turns of its own.\n\n"
            "    q1 :: Queue -> [0]rr :: RoundRobinSched -> ToDevice(eth0);\n"
            "    q2 :: Queue -> [1]rr;")
        .state<&RoundRobinSched::turn>("turn", turn_v1, "whose turn it is");
HOTCLICK_EXPORT(info)
