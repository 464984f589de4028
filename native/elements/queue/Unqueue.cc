/// Pulls packets and pushes them.
///   ... -> Queue -> Unqueue -> ...
#include <hotclick/element.hpp>

#include "../basic/source/setting.hpp"
#include "../basic/source/shard_share.hpp"
using namespace hotclick;

struct Passed {
  uint64_t count = 0;
  Setting<bool> active;
  Setting<int64_t> limit;
  Setting<int32_t> burst;
};
constexpr auto passed_v1 = schema<Passed>(1, HC_COUNT(Passed, count), HC_SETTING(Passed, active),
                                          HC_SETTING(Passed, limit), HC_SETTING(Passed, burst));

struct Unqueue : Element {
  State<Passed> passed;
  int32_t burst_argument = 32;
  int64_t limit_argument = -1;
  bool active_argument = true;

  void start(bool) {
    passed->active.settle(active_argument);
    passed->limit.settle(limit_argument);
    passed->burst.settle(burst_argument);
    wake();
  }
  bool run() {
    Passed& p = *passed;
    if (!p.active.value) return false;
    uint64_t n = p.burst.value < 0 ? HC_BATCH_CAPACITY : static_cast<uint64_t>(p.burst.value);
    const uint64_t quota = shard_limit(shard(), p.limit.value);
    const uint64_t left = quota > p.count ? quota - p.count : 0;
    if (n > left) n = left;
    if (n > HC_BATCH_CAPACITY) n = HC_BATCH_CAPACITY;
    if (n == 0) return false;
    Batch batch;
    batch.count = 0;
    const uint32_t got = input(0, batch, static_cast<uint32_t>(n));
    if (got == 0) return false;
    p.count += got;
    output(0, batch);
    return true;
  }

  uint64_t count() const { return passed->count; }
  bool active() const { return passed->active.value; }
  int64_t limit() const { return passed->limit.value; }
  int32_t burst() const { return passed->burst.value; }
  bool set_active(const String& text, Error& error) {
    return write_setting(self->host, passed->active.value, text, error) && wake();
  }
  bool set_limit(const String& text, Error& error) {
    return write_setting(self->host, passed->limit.value, text, error);
  }
  bool set_burst(const String& text, Error& error) {
    return write_setting(self->host, passed->burst.value, text, error);
  }
  void reset() { passed->count = 0; }

 private:
  bool wake() {
    set_task(passed->active.value);
    return true;
  }
};

constexpr auto info =
    element<Unqueue>("Unqueue", "1.0.0")
        .processing("l/h")
        .help(
            "Converts pull to push.\n\n"
            "Pulls up to BURST packets whenever there are any and pushes them out.\n\n"
            "    ... -> Queue -> Unqueue -> ...\n\n"
            "Differs from Click: pulls up to 32 packets at a time unless BURST says otherwise, at most 256, "
            "and with "
            "several shards each passes its part of LIMIT.")
        .positional<&Unqueue::burst_argument>(
            "BURST", "packets pulled at a time; negative: as many as there are (default 32)")
        .argument<&Unqueue::limit_argument>("LIMIT", "packets that pass; negative: no end (default -1)")
        .argument<&Unqueue::active_argument>("ACTIVE", "false does not pull (default true)")
        .state<&Unqueue::passed>("passed", passed_v1, "packets passed, and settings changed by handlers")
        .read<&Unqueue::count>("count", merge::sum, "packets passed since the start or the last reset")
        .write<&Unqueue::reset>("reset", "sets the count to zero: another LIMIT packets pass")
        .write<&Unqueue::reset>("reset_counts", "the same")
        .read<&Unqueue::active>("active", merge::same, "whether packets are pulled")
        .write<&Unqueue::set_active>("active", "starts or stops pulling")
        .read<&Unqueue::limit>("limit", merge::same, "packets that pass, negative: no end")
        .write<&Unqueue::set_limit>("limit", "changes the limit")
        .read<&Unqueue::burst>("burst", merge::same, "packets pulled at a time")
        .write<&Unqueue::set_burst>("burst", "changes the burst");
HOTCLICK_EXPORT(info)
