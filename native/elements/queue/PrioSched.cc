/// Pulls from the first of its inputs that has packets.
///   urgent -> [0]p :: PrioSched -> ToDevice(eth0); other -> [1]p;
#include <hotclick/element.hpp>
using namespace hotclick;

struct PrioSched : Element {
  uint32_t pull(uint32_t, Batch& batch, uint32_t max) {
    if (max > batch.room()) max = batch.room();
    uint32_t got = 0;
    for (uint32_t i = 0; i < ninputs() && got < max; ++i) got += input(i, batch, max - got);
    return got;
  }
};

constexpr auto info = element<PrioSched>("PrioSched", "1.0.0")
                          .ports("-/1")
                          .processing("l/l")
                          .help(
                              "Pulls from its inputs by strict priority.\n\n"
                              "A packet comes from the input with the lowest number that has one.\n\n"
                              "    urgent :: Queue -> [0]p :: PrioSched -> ToDevice(eth0);\n"
                              "    other :: Queue -> [1]p;");
HOTCLICK_EXPORT(info)
