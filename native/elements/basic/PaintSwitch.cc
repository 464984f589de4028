/// Sends each packet to the output that its colour names.
///   ... -> ps :: PaintSwitch; ps[0] -> ...; ps[1] -> ...
#include <hotclick/element.hpp>

#include "paint/annotation.hpp"
using namespace hotclick;

struct PaintSwitch : Element {
  enum : uint32_t { no_output, no_packet, nested };
  static constexpr uint8_t everywhere = 255;
  String annotation_name = {nullptr, 0, 0};
  ByteAnnotation annotation;

  bool configure(Arguments& arguments) {
    return annotation.set(arguments.host, annotation_name, arguments.raw->error);
  }
  void push(uint32_t, Batch& batch) {
    uint16_t ports[HC_BATCH_CAPACITY];
    bool copies = false;
    for (uint32_t i = 0; i < batch.count; ++i) {
      const uint8_t color = annotation.of(batch[i]);
      copies |= color == everywhere;
      ports[i] = static_cast<uint16_t>(output_or_drop(color, no_output));
    }
    if (HC_LIKELY(!copies) || noutputs() == 0) return split(batch, ports);
    push_runs(batch, ports);
  }

 private:
  /// Runs of packets between those that go everywhere, so that every output sees its packets in their order.
  void push_runs(Batch& batch, const uint16_t* ports) {
    ScratchBatches scratch(shard(), 2);
    if (!scratch.ok()) return drop_now(nested, batch);
    Batch& all = scratch[0];
    Batch& run = scratch[1];
    all.count = batch.count;
    memcpy(all.packets, batch.packets, batch.count * sizeof(hc_packet*));
    batch.count = 0;
    uint32_t first = 0;
    for (uint32_t i = 0; i < all.count; ++i) {
      if (annotation.of(all[i]) != everywhere) {
        run.add(all[i]);
        continue;
      }
      split(run, ports + first);
      run.count = 0;
      first = i + 1;
      duplicate(all[i], run);
    }
    split(run, ports + first);
  }
  void duplicate(Packet& p, Batch& one) {
    const uint32_t last = noutputs() - 1;
    for (uint32_t port = 0; port < last; ++port) {
      if (Packet* copy = clone_packet(shard(), p))
        one.add(*copy);
      else
        ++self->drops[no_packet];
      output(port, one);
    }
    one.add(p);
    output(last, one);
  }
};

constexpr auto info =
    element<PaintSwitch>("PaintSwitch", "1.0.0")
        .ports("1/-")
        .processing("h/h")
        .help(
            "Sends packets to the output that their paint annotation names.\n\n"
            "A packet painted K leaves by output K and is dropped when there is no such output. A packet "
            "painted 255 is "
            "copied to all outputs.\n\n"
            "    ... -> ps :: PaintSwitch; ps[0] -> ...; ps[1] -> ...\n\n"
            "Differs from Click: ANNO knows PAINT, ICMP_PARAMPROB, FIX_IP_SRC and the user bytes 24 to 47.")
        .positional<&PaintSwitch::annotation_name>("ANNO", "another annotation of one byte (default PAINT)")
        .drop("no-output", "there is no output with the number of the packet's colour")
        .drop("no-packet", "the packet pool was empty: a copy could not be made")
        .drop("nested-too-deeply", "the graph leads back to this element too many times");
HOTCLICK_EXPORT(info)
