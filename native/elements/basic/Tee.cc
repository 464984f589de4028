/// Sends every packet out of every output.
///   ... -> t :: Tee; t[0] -> ToDevice(eth1); t[1] -> Print -> Discard;
#include <hotclick/element.hpp>
using namespace hotclick;

struct Tee : Element {
  enum : uint32_t { no_packet, nested };
  uint32_t outputs = 0;  // 0: not said

  bool configure(Arguments& arguments) {
    if (outputs == 0 || outputs == noutputs()) return true;
    return arguments.fail("N is %u, but %u outputs are connected", outputs, noutputs());
  }
  void push(uint32_t, Batch& batch) {
    const uint32_t last = noutputs() - 1;
    if (last == 0) return output(0, batch);
    ScratchBatches scratch(shard(), 1);
    if (HC_UNLIKELY(!scratch.ok())) return drop_now(nested, batch);
    Batch& copies = scratch[0];
    for (uint32_t port = 0; port < last; ++port) {
      for (Packet& p : batch) {
        Packet* copy = clone_packet(shard(), p);
        if (HC_LIKELY(copy != nullptr))
          copies.add(*copy);
        else
          ++self->drops[no_packet];
      }
      output(port, copies);
    }
    output(last, batch);
  }
};

constexpr auto info =
    element<Tee>("Tee", "1.0.0")
        .ports("1/1-")
        .processing("h/h")
        .help(
            "Duplicates packets.\n\n"
            "Sends a copy of each packet out of each output, in the order of the outputs; the last one "
            "gets the packet itself.\n\n"
            "    ... -> t :: Tee; t[0] -> ToDevice(eth1); t[1] -> Print -> Discard;\n\n"
            "Differs from Click: copies do not share their bytes, so each may be changed.")
        .positional<&Tee::outputs>("N", "how many outputs are expected")
        .drop("no-packet", "the packet pool was empty: a copy could not be made")
        .drop("nested-too-deeply", "the graph leads back to this element too many times");
HOTCLICK_EXPORT(info)
