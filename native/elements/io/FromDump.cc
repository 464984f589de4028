#include <hotclick/element.hpp>

#include "mark_ip.hpp"
using namespace hotclick;

struct Progress {
  uint64_t packets = 0, bytes = 0;
  uint64_t first_time = 0;    // of the first packet in the file
  uint64_t first_output = 0;  // of the first packet that was output
  uint64_t lag = 0;           // TIMING: clock minus time in the file
  uint8_t done = 0, active = 1;
};
constexpr auto progress_v1 =
    schema<Progress>(1, HC_COUNT(Progress, packets), HC_COUNT(Progress, bytes),
                     HC_FIELD(Progress, first_time), HC_FIELD(Progress, first_output),
                     HC_FIELD(Progress, lag), HC_FIELD(Progress, done), HC_FIELD(Progress, active));

struct FromDump : Element {
  String name{};
  bool timing = false, force_ip = false, stop = false, initially_active = true, loop = false, mapped = false;
  double sample = 1, start_time = 0, end_time = 0;
  Duration start_after{}, end_after{}, interval{};
  uint32_t burst = 64;

  State<Progress> progress;
  PacketQueue held{HC_BATCH_CAPACITY};
  hc_device* device = nullptr;
  bool pulled = false;
  Batch batch;

  enum : uint32_t { not_ip };

  HC_COLD bool configure(Arguments& arguments) {
    if (!(sample >= 0 && sample <= 1)) return arguments.fail("SAMPLE must be from 0 to 1");
    if (start_time != 0 && start_after.ns != 0) return arguments.fail("give START or START_AFTER, not both");
    if ((end_time != 0) + (end_after.ns != 0) + (interval.ns != 0) > 1) {
      return arguments.fail("give one of END, END_AFTER and INTERVAL");
    }
    if (burst == 0 || burst > HC_BATCH_CAPACITY)
      return arguments.fail("BURST must be from 1 to %u", HC_BATCH_CAPACITY);
    return true;
  }

  HC_COLD bool initialize(Error& error) {
    if (shard()->index != 0) return true;  // one reader: a file has one position
    char path[4096];
    hc_text text{path, 0, sizeof(path), 0, 0};
    self->host->append(&text, "%.*s", static_cast<int>(name.length), name.data);
    if (text.overflow) return error.fail("the file's name is too long");
    device = self->host->device_open(self, "pcap-read", path, loop ? "LOOP=true" : "LOOP=false", error.text);
    return device != nullptr;
  }

  HC_COLD void start(bool adopted) {
    pulled = output_is_pull(0);
    if (!adopted) progress->active = initially_active;
    if (device) {
      const hc_device_stats stats = read_stats();
      if (stats.rx_packets == 0)
        progress->first_time = progress->first_output = progress->done = 0;  // another file
      progress->done = progress->done && device->finished;
    }
    set_task(device && !pulled && progress->active && !progress->done);
  }

  bool run() {
    if (pulled || !ready()) return false;
    batch.count = 0;
    if (take(batch, burst) == 0) return false;
    deliver();
    return true;
  }
  void timer(uint32_t) {
    if (!pulled) set_task(true);
  }
  uint32_t pull(uint32_t port, Batch& out, uint32_t max) {
    if (port != 0 || !ready()) return 0;
    const uint32_t before = out.count;
    const uint32_t n = take(out, max);
    if (force_ip && n != 0) keep_ip(out, before);
    return out.count - before;
  }

  bool ready() {
    if (!device || !progress->active || progress->done) return false;
    if (held.empty()) refill();
    if (!held.empty()) return true;
    if (device->finished) finish();
    return false;
  }

  /// Reads on and throws away what SAMPLE, START and END leave out.
  __attribute__((noinline)) void refill() {
    batch.count = 0;
    if (device->receive(device, &batch, burst) == 0) return;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < batch.count; ++i) {
      hc_packet* p = batch.packets[i];
      if (progress->first_time == 0) progress->first_time = p->timestamp;
      if (is_past_end(p->timestamp)) {
        release_packets(shard(), batch.packets + i, batch.count - i);
        if (kept == 0) finish();
        break;
      }
      if (is_before_start(p->timestamp) || !is_sampled()) {
        release_packets(shard(), &p, 1);
        continue;
      }
      if (progress->first_output == 0) {
        progress->first_output = p->timestamp;
        progress->lag = now() - p->timestamp;
      }
      batch.packets[kept++] = p;
    }
    held.put(batch.packets, kept);
    batch.count = 0;
  }

  static uint64_t nanoseconds(double seconds) { return static_cast<uint64_t>(seconds * 1e9); }
  bool is_before_start(uint64_t time) const {
    if (start_time > 0) return time < nanoseconds(start_time);
    return time - progress->first_time < start_after.ns;
  }
  bool is_past_end(uint64_t time) const {
    if (end_time > 0) return time >= nanoseconds(end_time);
    if (end_after.ns != 0) return time >= progress->first_time + end_after.ns;
    return interval.ns != 0 && progress->first_output != 0 && time >= progress->first_output + interval.ns;
  }
  bool is_sampled() {
    if (sample >= 1) return true;
    uint64_t& r = shard()->random;
    r ^= r << 13;
    r ^= r >> 7;
    r ^= r << 17;
    return static_cast<double>(r >> 11) * 0x1p-53 < sample;
  }

  /// Takes what is due out of the held packets.
  uint32_t take(Batch& out, uint32_t max) {
    const uint32_t before = out.count;
    uint32_t n = held.peek(out, max);
    if (timing) {
      uint32_t due = 0;
      // Unsigned: the sum wraps back to the clock.
      while (due < n &&
             static_cast<int64_t>(now() - (out.packets[before + due]->timestamp + progress->lag)) >= 0)
        ++due;
      if (due < n && !pulled) {
        set_timer(0, out.packets[before + due]->timestamp + progress->lag);
        if (due == 0) set_task(false);
      }
      n = due;
      out.count = before + n;
    }
    held.skip(n);
    progress->packets += n;
    for (uint32_t i = before; i < out.count; ++i) progress->bytes += out.packets[i]->length;
    return n;
  }

  void deliver() {
    if (force_ip) keep_ip(batch, 0);
    output(0, batch);
  }
  void keep_ip(Batch& packets, uint32_t from) {
    uint32_t kept = from;
    for (uint32_t i = from; i < packets.count; ++i) {
      Packet& p = packets[i];
      const bool is_ip = p.has_mac() ? mark_ip_in_ethernet(p) : mark_ip_at(p, 0);
      if (is_ip) {
        packets.packets[kept++] = &p;
      } else if (noutputs() > 1) {
        Batch one;
        one.count = 0;
        one.add(p);
        output(1, one);
      } else {
        drop_now(not_ip, p);
      }
    }
    packets.count = kept;
  }

  HC_COLD void finish() {
    progress->done = 1;
    set_task(false);
    const hc_device_stats stats = read_stats();
    const int length = static_cast<int>(name.length);
    if (device->error) self->host->log(self, "%.*s: %s", length, name.data, device->error);
    if (stats.rx_truncated) self->host->log(self, "%.*s: the last record is cut short", length, name.data);
    if (stats.rx_too_long) {
      self->host->log(self, "%.*s: left out %llu packets longer than %u bytes", length, name.data,
                      static_cast<unsigned long long>(stats.rx_too_long), HC_BUFFER_SIZE - HC_HEADROOM);
    }
    if (stop) self->host->stop(self);
  }

  hc_device_stats read_stats() const {
    hc_device_stats stats = {};
    if (device) device->read_stats(device, &stats);
    return stats;
  }
  uint64_t packets() const { return progress->packets; }
  uint64_t bytes() const { return progress->bytes; }
  void reset() { progress->packets = progress->bytes = 0; }
  bool is_active() const { return progress->active && !progress->done; }
  bool set_active(const String& value, Error& error) {
    bool wanted = false;
    if (self->host->parse(HC_BOOL, &value, &wanted, error.text) != 0) return false;
    progress->active = wanted;
    set_task(device && !pulled && wanted && !progress->done);
    return true;
  }
  void end() {
    progress->active = 0;
    set_task(false);
    self->host->stop(self);
  }
  void encap(Text text) const {
    const uint32_t link = device ? device->link_type : 1;
    if (link == 1) return text.print("ETHER");
    if (link == 101 || link == 12 || link == 14 || link == 228 || link == 229) return text.print("IP");
    text.print("%u", link);
  }
  uint64_t position() const { return read_stats().file_position; }
  void size(Text text) const {
    const uint64_t bytes_in_file = read_stats().file_size;
    if (bytes_in_file == 0) return text.print("-");
    text.print("%llu", static_cast<unsigned long long>(bytes_in_file));
  }
  uint64_t truncated() const { return read_stats().rx_truncated; }
  uint64_t too_long() const { return read_stats().rx_too_long; }
};

constexpr auto info =
    element<FromDump>("FromDump", "1.0.0")
        .help(
            "Reads packets from a capture file.\n\n"
            "Reads files of tcpdump and Wireshark (pcap with microseconds or nanoseconds, pcapng) and pushes "
            "the packets, "
            "or gives them when it is pulled. The timestamp annotation is the time in the file. With several "
            "shards "
            "shard 0 reads the file. A file that ends inside a record, or is damaged, ends there, with a "
            "line in the log.\n\n"
            "    FromDump(trace.pcap, STOP true) -> CheckIPHeader(14) -> Counter -> Discard;\n\n"
            "Differs from Click: no compressed files, no END_CALL; MMAP is accepted without effect; LOOP is "
            "new.")
        .ports("0/1-2")
        .processing("a/ah")
        .required<&FromDump::name>("FILENAME", "the file; - is the standard input")
        .positional<&FromDump::timing>("TIMING", "true: keep the time between packets as in the file")
        .argument<&FromDump::sample>("SAMPLE", "output each packet with this probability, 0 to 1")
        .argument<&FromDump::force_ip>("FORCE_IP",
                                       "true: only IP packets, annotations set; others leave by output 1")
        .argument<&FromDump::stop>("STOP", "true: stop the router at the end")
        .argument<&FromDump::start_time>("START",
                                         "leave out packets before this time, seconds since the epoch")
        .argument<&FromDump::start_after>("START_AFTER", "leave out the first part of the file, a duration")
        .argument<&FromDump::end_time>(
            "END", "end at the first packet of this time or later, seconds since the epoch")
        .argument<&FromDump::end_after>("END_AFTER", "end so long after the first packet of the file")
        .argument<&FromDump::interval>("INTERVAL", "end so long after the first packet that was output")
        .argument<&FromDump::initially_active>("ACTIVE", "false: wait until the handler is written")
        .argument<&FromDump::loop>("LOOP", "true: start again at the end of the file")
        .argument<&FromDump::burst>("BURST", "most packets in one go, 1 to 256")
        .argument<&FromDump::mapped>("MMAP", "accepted, without effect")
        .state<&FromDump::progress>("progress", progress_v1, "how far it has come, and its counts")
        .queue<&FromDump::held>("held", "packets read and not yet due")
        .read<&FromDump::packets>("count", merge::sum, "packets output since the start or the last reset")
        .read<&FromDump::bytes>("byte_count", merge::sum, "bytes output since the start or the last reset")
        .write<&FromDump::reset>("reset_counts", "sets count and byte_count to zero")
        .read<&FromDump::is_active>("active", merge::first, "true while there are packets to come")
        .write<&FromDump::set_active>("active", "starts or stops the output")
        .write<&FromDump::end>("stop", "ends the output and stops the router")
        .read<&FromDump::sample>("sampling_prob", merge::same, "the probability SAMPLE")
        .read<&FromDump::encap>("encap", merge::first, "kind of link header: ETHER, IP or a LINKTYPE number")
        .read<&FromDump::size>("filesize", merge::first, "length of the file in bytes, or -")
        .read<&FromDump::position>("filepos", merge::sum, "bytes read so far")
        .read<&FromDump::truncated>("truncated", merge::sum, "records that the end of the file cut short")
        .read<&FromDump::too_long>("too_long", merge::sum, "packets longer than a packet buffer, left out")
        .drop("not IP", "not an IP packet while FORCE_IP is true and there is no output 1");
HOTCLICK_EXPORT(info)
