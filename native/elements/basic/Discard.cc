/// The end of a path: takes packets and gives them back to the pool.
///   ... -> Discard;
#include <hotclick/element.hpp>

#include "source/setting.hpp"
using namespace hotclick;

struct Discarded {
  uint64_t count = 0;
  Setting<bool> active;
};
constexpr auto discarded_v1 = schema<Discarded>(1, HC_COUNT(Discarded, count), HC_SETTING(Discarded, active));

struct Discard : Element {
  State<Discarded> discarded;
  bool active_argument = true;
  bool pulls = false;
  uint32_t burst = 32;

  void start(bool) {
    discarded->active.settle(active_argument);
    pulls = input_is_pull(0);
    set_task(pulls && discarded->active.value);
  }
  void push(uint32_t, Batch& batch) {
    discarded->count += batch.count;
    consume(batch);
  }
  bool run() {
    if (!pulls || !discarded->active.value) return false;
    Batch batch;
    batch.count = 0;
    const uint32_t most = burst == 0 || burst > HC_BATCH_CAPACITY ? HC_BATCH_CAPACITY : burst;
    if (input(0, batch, most) == 0) return false;
    push(0, batch);
    return true;
  }

  uint64_t count() const { return discarded->count; }
  bool active() const { return discarded->active.value; }
  bool set_active(const String& text, Error& error) {
    if (!write_setting(self->host, discarded->active.value, text, error)) return false;
    set_task(pulls && discarded->active.value);
    return true;
  }
  void reset() { discarded->count = 0; }
};

constexpr auto info =
    element<Discard>("Discard", "1.0.0")
        .ports("1/0")
        .help(
            "Discards all packets.\n\n"
            "Behind a queue it pulls packets whenever there are any. What it takes is counted, and is no "
            "drop.\n\n"
            "    FromDevice(eth0) -> Counter -> Discard;\n"
            "    q :: Queue -> Discard(BURST 8);\n\n"
            "Differs from Click: pulls up to 32 packets at a time unless BURST says otherwise, and the "
            "`active` "
            "handler is there when packets are pushed as well, where it means nothing.")
        .argument<&Discard::active_argument>("ACTIVE", "false does not pull (default true)")
        .argument<&Discard::burst>("BURST", "packets pulled at a time; 0: as many as there are (default 32)")
        .state<&Discard::discarded>("discarded", discarded_v1, "packets discarded so far")
        .read<&Discard::count>("count", merge::sum, "packets discarded")
        .write<&Discard::reset>("reset_counts", "sets the count to zero")
        .read<&Discard::active>("active", merge::same, "whether packets are pulled")
        .write<&Discard::set_active>("active", "starts or stops pulling");
HOTCLICK_EXPORT(info)
