/// Deals packets out to its outputs in turn.
///   ... -> rr :: RoundRobinSwitch; rr[0] -> ...; rr[1] -> ...
#include <hotclick/element.hpp>
using namespace hotclick;

struct Turn {
  uint32_t next = 0;
};
constexpr auto turn_v1 = schema<Turn>(1, HC_FIELD(Turn, next));

struct RoundRobinSwitch : Element {
  State<Turn> turn;

  void start(bool) {
    if (turn->next >= noutputs()) turn->next = 0;  // the graph had more outputs before
  }
  void push(uint32_t, Batch& batch) {
    uint16_t ports[HC_BATCH_CAPACITY];
    const uint32_t n = noutputs();
    uint32_t next = turn->next;
    for (uint32_t i = 0; i < batch.count; ++i) {
      ports[i] = static_cast<uint16_t>(next);
      if (++next >= n) next = 0;
    }
    turn->next = next;
    split(batch, ports);
  }
};

constexpr auto info =
    element<RoundRobinSwitch>("RoundRobinSwitch", "1.0.0")
        .ports("1/1-")
        .processing("h/h")
        .help(
            "Sends packets to its outputs in turn.\n\n"
            "The first packet leaves by output 0, the next by output 1, and so on. With several shards "
            "each takes turns of its own.\n\n"
            "    ... -> rr :: RoundRobinSwitch; rr[0] -> ...; rr[1] -> ...")
        .state<&RoundRobinSwitch::turn>("turn", turn_v1, "whose turn it is")
        .drop("nested-too-deeply", "the graph leads back to this element too many times");
HOTCLICK_EXPORT(info)
