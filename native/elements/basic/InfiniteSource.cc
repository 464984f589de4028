/// The source of benchmarks: packets as fast as the rest of the graph takes them.
///   InfiniteSource(BURST 32) -> Counter -> Discard;
#include <hotclick/element.hpp>

#include "source/handler_call.hpp"
#include "source/limit_end.hpp"
#include "source/pattern_handlers.hpp"
#include "source/setting.hpp"
#include "source/shard_share.hpp"
using namespace hotclick;

struct Progress {
  uint64_t count = 0;
  LimitEnd end;
  Setting<bool> active;
  Setting<int64_t> limit;
  Setting<int32_t> burst;
};
constexpr auto progress_v1 = schema<Progress>(1, HC_COUNT(Progress, count), HC_FIELD(Progress, end.announced),
                                              HC_FIELD(Progress, end.parts), HC_SETTING(Progress, active),
                                              HC_SETTING(Progress, limit), HC_SETTING(Progress, burst));

struct InfiniteSource : Element, PatternSource {
  State<Progress> progress;
  HandlerCall at_end;
  String end_call = {nullptr, 0, 0};
  int64_t limit_argument = -1;
  int32_t burst_argument = 1;
  bool active_argument = true;
  bool stop = false;
  bool timestamp = true;
  bool pulled = false;
  uint64_t quota = unlimited;

  bool configure(Arguments& arguments) {
    if (burst_argument < 1) return arguments.fail("burst size must be >= 1");
    if (stop && end_call.length != 0) return arguments.fail("END_CALL and STOP are mutually exclusive");
    if (end_call.length != 0 && !at_end.set(end_call)) return arguments.fail("END_CALL is too long");
    return use_data(arguments.raw->error, arguments.host);
  }
  void start(bool adopted) {
    if (!adopted) *progress = {};
    progress->active.settle(active_argument);
    progress->limit.settle(limit_argument);
    progress->burst.settle(burst_argument);
    pulled = output_is_pull(0);
    wake();
  }
  bool run() {
    if (pulled) return false;
    Batch batch;
    batch.count = 0;
    if (generate(batch, static_cast<uint32_t>(progress->burst.value)) == 0) return false;
    output(0, batch);
    return true;
  }
  uint32_t pull(uint32_t, Batch& batch, uint32_t max) { return generate(batch, max); }
  /// Notices of the other shards, see limit_end.hpp.
  void push(uint32_t, Batch& batch) {
    parts_done(self, progress->end, batch.count);
    consume(batch);
  }

  uint64_t count() const { return progress->count; }
  bool active() const { return progress->active.value; }
  int64_t limit() const { return progress->limit.value; }
  int32_t burst() const { return progress->burst.value; }
  void data_text(Text out) const { print_data(out); }
  bool set_data(const String& bytes, Error& error) { return write_data(bytes, error); }
  int64_t data_length() const { return length; }
  bool set_length(const String& text, Error& error) { return write_length(text, error); }
  bool set_active(const String& text, Error& error) {
    return write_setting(self->host, progress->active.value, text, error) && wake();
  }
  bool set_limit(const String& text, Error& error) {
    return write_setting(self->host, progress->limit.value, text, error) && wake();
  }
  bool set_burst(const String& text, Error& error) {
    int32_t burst = 0;
    if (!write_setting(self->host, burst, text, error)) return false;
    if (burst < 1) return error.fail("burst size must be >= 1");
    progress->burst.value = burst;
    return true;
  }
  void reset() {
    progress->count = 0;
    wake();
  }

 private:
  /// After a change of what there is to send.
  bool wake() {
    quota = shard_limit(shard(), progress->limit.value);
    if (progress->count < quota) progress->end.announced = false;
    set_task(!pulled && progress->active.value);
    return true;
  }
  uint32_t generate(Batch& batch, uint32_t n) {
    Progress& p = *progress;
    if (HC_UNLIKELY(!p.active.value)) return rest();
    const uint64_t left = quota > p.count ? quota - p.count : 0;
    if (HC_UNLIKELY(left < n)) {
      if (left == 0) return finish();
      n = static_cast<uint32_t>(left);
    }
    const uint32_t first = batch.count;
    n = packet.stamp(shard(), batch, n);
    if (timestamp) {
      const uint64_t time = now() + shard()->wall_offset;
      for (uint32_t i = 0; i < n; ++i) batch.packets[first + i]->timestamp = time;
    }
    p.count += n;
    return n;
  }
  uint32_t rest() {
    set_task(false);
    return 0;
  }
  uint32_t finish() {
    LimitEnd& end = progress->end;
    if (!end.announced && stop && !announce_end(self, end)) return 0;
    set_task(false);
    if (!end.announced && !at_end.empty()) at_end.call(self);
    end.announced = true;
    return 0;
  }
};

constexpr auto info =
    element<InfiniteSource>("InfiniteSource", "1.0.0")
        .ports("0/1")
        .help(
            "Generates packets whenever it is scheduled.\n\n"
            "Sends BURST packets that consist of DATA each time it runs, which is often, until LIMIT packets "
            "are "
            "sent. When its output is pulled it gives as many as the puller asks for.\n\n"
            "    InfiniteSource(DATA \\<0800>, LIMIT 1000000, BURST 32, STOP true) -> Counter -> Discard;\n\n"
            "Differs from Click: a full Queue downstream does not hold it back (the queue drops and counts); "
            "at most 256 packets leave in a burst; with "
            "several "
            "shards each sends its part of LIMIT.")
        .positional<&InfiniteSource::data>("DATA", "contents of a packet; 67 bytes of text by default")
        .positional<&InfiniteSource::limit_argument>("LIMIT",
                                                     "packets to send; negative: no end (default -1)")
        .positional<&InfiniteSource::burst_argument>("BURST", "packets sent at a time (default 1)")
        .positional<&InfiniteSource::active_argument>("ACTIVE", "false sends nothing (default true)")
        .argument<&InfiniteSource::timestamp>(
            "TIMESTAMP", "sets the timestamp annotation to the current time (default true)")
        .argument<&InfiniteSource::length>("LENGTH",
                                           "bytes of a packet: DATA is cut or repeated (default: as DATA)")
        .argument<&InfiniteSource::stop>("STOP", "true stops the engine after LIMIT packets (default false)")
        .argument<&InfiniteSource::end_call>("END_CALL",
                                             "write handler called after LIMIT packets, `HANDLER [VALUE]`")
        .state<&InfiniteSource::progress>("progress", progress_v1,
                                          "packets sent, and settings changed by handlers")
        .read<&InfiniteSource::count>("count", merge::sum, "packets sent since the start or the last reset")
        .write<&InfiniteSource::reset>("reset", "sets the count to zero: another LIMIT packets are sent")
        .read<&InfiniteSource::data_text>("data", merge::same, "contents of a packet")
        .write<&InfiniteSource::set_data>("data", "changes the contents")
        .read<&InfiniteSource::data_length>("length", merge::same, "bytes of a packet, -1: those of DATA")
        .write<&InfiniteSource::set_length>("length", "changes the length")
        .read<&InfiniteSource::limit>("limit", merge::same, "packets to send, negative: no end")
        .write<&InfiniteSource::set_limit>("limit", "changes the limit")
        .read<&InfiniteSource::burst>("burst", merge::same, "packets sent at a time")
        .write<&InfiniteSource::set_burst>("burst", "changes the burst")
        .read<&InfiniteSource::active>("active", merge::same, "whether packets are sent")
        .write<&InfiniteSource::set_active>("active", "starts or stops sending");
HOTCLICK_EXPORT(info)
