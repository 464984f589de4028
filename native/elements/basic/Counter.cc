/// Counts what passes, and how fast.
///   ... -> c :: Counter -> ...
#include <hotclick/element.hpp>

#include "counter/call_at.hpp"
#include "counter/rate_average.hpp"
using namespace hotclick;

struct Counts {
  uint64_t packets = 0, bytes = 0;
  RateAverage packet_rate, byte_rate;
};
constexpr auto counts_v1 =
    schema<Counts>(1, HC_COUNT(Counts, packets), HC_COUNT(Counts, bytes),
                   HC_FIELD(Counts, packet_rate.average), HC_FIELD(Counts, packet_rate.before),
                   HC_FIELD(Counts, packet_rate.tick), HC_FIELD(Counts, byte_rate.average),
                   HC_FIELD(Counts, byte_rate.before), HC_FIELD(Counts, byte_rate.tick));

struct Counter : Element {
  State<Counts> counts;
  CallAt packet_call, byte_call;
  String count_call = {nullptr, 0, 0}, byte_count_call = {nullptr, 0, 0};

  bool configure(Arguments& arguments) {
    Error error = {arguments.raw->error, arguments.host};
    return packet_call.set(count_call, error) && byte_call.set(byte_count_call, error);
  }
  void start(bool adopted) {
    if (adopted) return;
    counts->packet_rate.restart(counts->packets, shard()->ticks);
    counts->byte_rate.restart(counts->bytes, shard()->ticks);
  }
  void push(uint32_t, Batch& batch) {
    if (HC_UNLIKELY(about_to_call(batch.count))) return push_singly(batch);
    count(batch, 0);
    output(0, batch);
  }
  uint32_t pull(uint32_t, Batch& batch, uint32_t max) {
    if (HC_UNLIKELY(about_to_call(max))) max = 1;
    const uint32_t first = batch.count;
    const uint32_t n = input(0, batch, max);
    if (n == 0) return 0;
    const Counts before = *counts;
    count(batch, first);
    call(before);
    return n;
  }

  uint64_t packets() const { return counts->packets; }
  uint64_t bytes() const { return counts->bytes; }
  uint64_t rate() { return counts->packet_rate.per_second(counts->packets, shard()->ticks); }
  uint64_t byte_rate() { return counts->byte_rate.per_second(counts->bytes, shard()->ticks); }
  uint64_t bit_rate() { return byte_rate() * 8; }
  void reset() {
    *counts = {};
    start(false);
  }
  bool set_count_call(const String& text, Error& error) { return packet_call.set(text, error); }
  bool set_byte_count_call(const String& text, Error& error) { return byte_call.set(text, error); }

 private:
  void count(Batch& batch, uint32_t first) {
    Counts& c = *counts;
    if (HC_UNLIKELY(c.packet_rate.tick != shard()->ticks)) {
      c.packet_rate.roll(c.packets, shard()->ticks);
      c.byte_rate.roll(c.bytes, shard()->ticks);
    }
    uint64_t bytes = 0;
    for (uint32_t i = first; i < batch.count; ++i) bytes += batch.packets[i]->length;
    c.packets += batch.count - first;
    c.bytes += bytes;
  }
  /// Whether a call may fall among the next `n` packets.
  bool about_to_call(uint32_t n) const {
    return packet_call.within(counts->packets, n) ||
           byte_call.within(counts->bytes, static_cast<uint64_t>(n) * HC_BUFFER_SIZE);
  }
  void call(const Counts& before) {
    packet_call.check(self, before.packets, counts->packets);
    byte_call.check(self, before.bytes, counts->bytes);
  }
  /// The call comes before its packet leaves and after all earlier ones have left.
  void push_singly(Batch& batch) {
    ScratchBatches scratch(shard(), 2);
    if (!scratch.ok()) return drop_now(0, batch);
    scratch[1].count = batch.count;
    memcpy(scratch[1].packets, batch.packets, batch.count * sizeof(hc_packet*));
    batch.count = 0;
    for (Packet& p : scratch[1]) {
      scratch[0].add(p);
      const Counts before = *counts;
      count(scratch[0], 0);
      call(before);
      output(0, scratch[0]);
    }
  }
};

constexpr auto info =
    element<Counter>("Counter", "1.0.0")
        .help(
            "Measures packet count and rate.\n\n"
            "Passes packets unchanged and counts them. The rates are averages that follow the traffic within "
            "about "
            "two seconds, brought up to date ten times a second.\n\n"
            "    ... -> c :: Counter -> ...\n"
            "    ... -> Counter(COUNT_CALL 1000 switch.switch 1) -> ...\n\n"
            "Differs from Click: rates are whole numbers, and with several shards a call is made by each "
            "shard when "
            "its own count gets there.")
        .argument<&Counter::count_call>("COUNT_CALL",
                                        "`N HANDLER [VALUE]`: a write handler called at packet N")
        .argument<&Counter::byte_count_call>("BYTE_COUNT_CALL", "the same when N bytes have been counted")
        .state<&Counter::counts>("counts", counts_v1, "packets and bytes seen so far, and their rates")
        .drop("nested-too-deeply", "the graph leads back to this element too many times")
        .read<&Counter::packets>("count", merge::sum, "packets since the start or the last reset")
        .read<&Counter::bytes>("byte_count", merge::sum, "bytes since the start or the last reset")
        .read<&Counter::rate>("rate", merge::sum, "packets per second, recent average")
        .read<&Counter::byte_rate>("byte_rate", merge::sum, "bytes per second, recent average")
        .read<&Counter::bit_rate>("bit_rate", merge::sum, "bits per second, recent average")
        .write<&Counter::reset>("reset", "sets counts and rates to zero")
        .write<&Counter::reset>("reset_counts", "the same")
        .write<&Counter::set_count_call>("count_call", "replaces COUNT_CALL; the handler may be left out")
        .write<&Counter::set_byte_count_call>("byte_count_call", "replaces BYTE_COUNT_CALL; likewise");
HOTCLICK_EXPORT(info)
