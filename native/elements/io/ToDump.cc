#include <hotclick/element.hpp>
using namespace hotclick;

struct Counts {
  uint64_t packets = 0;
};
constexpr auto counts_v1 = schema<Counts>(1, HC_COUNT(Counts, packets));

constexpr uint64_t flush_interval_ns = 500'000'000;

struct ToDump : Element {
  String name{}, encap{"ETHER", 5, 0}, encap_from{"", 0, 0};
  uint32_t snaplen = 2000, burst = 64;
  bool nanoseconds = false, unbuffered = false, extra_length = true;

  State<Counts> counts;
  hc_device* device = nullptr;
  uint32_t link_type = 1;
  bool unflushed = false, failed = false;
  Batch batch;

  bool configure(Arguments& arguments) {
    if (!link_type_of(encap.data, encap.length)) {
      return arguments.fail("ENCAP must be ETHER or IP, not %.*s", static_cast<int>(encap.length),
                            encap.data);
    }
    if (burst == 0 || burst > HC_BATCH_CAPACITY)
      return arguments.fail("BURST must be from 1 to %u", HC_BATCH_CAPACITY);
    return true;
  }
  bool link_type_of(const char* word, uint32_t length) {
    if (length == 5 && memcmp(word, "ETHER", 5) == 0) {
      link_type = 1;
    } else if (length == 2 && memcmp(word, "IP", 2) == 0) {
      link_type = 101;
    } else {
      return false;
    }
    return true;
  }

  bool initialize(Error& error) {
    if (encap_from.length != 0 && !ask_encap(error)) return false;
    char path[4096], text[96];
    hc_text file{path, 0, sizeof(path), 0, 0}, options{text, 0, sizeof(text), 0, 0};
    if (!name_file(file, error)) return false;
    self->host->append(&options, "LINK=%u SNAPLEN=%u NANO=%d KEEP=%d", link_type, snaplen, nanoseconds,
                       noutputs() != 0);
    device = self->host->device_open(self, "pcap-write", path, text, error.text);
    return device != nullptr;
  }

  /// Shard 0 writes the file as it is called, shard 1 `trace.1.pcap` beside `trace.pcap`.
  bool name_file(hc_text& file, Error& error) {
    const uint32_t index = shard()->index;
    const bool standard = name.length == 1 && name.data[0] == '-';
    if (index != 0 && standard) return error.fail("several shards cannot write to the standard output");
    uint32_t stem = name.length;
    for (uint32_t i = name.length; i > 0 && name.data[i - 1] != '/'; --i) {
      if (name.data[i - 1] != '.' || i == 1 || name.data[i - 2] == '/') continue;
      stem = i - 1;
      break;
    }
    self->host->append(&file, "%.*s", static_cast<int>(stem), name.data);
    if (index != 0) self->host->append(&file, ".%u", index);
    self->host->append(&file, "%.*s", static_cast<int>(name.length - stem), name.data + stem);
    return !file.overflow || error.fail("the file's name is too long");
  }

  /// USE_ENCAP_FROM: the elements named must agree.
  bool ask_encap(Error& error) {
    uint32_t found = 0, at = 0;
    while (at < encap_from.length) {
      uint32_t end = at;
      while (end < encap_from.length && encap_from.data[end] != ' ') ++end;
      if (end > at) {
        char path[256], answer[32];
        hc_text handler{path, 0, sizeof(path), 0, 0}, value{answer, 0, sizeof(answer), 0, 0};
        self->host->append(&handler, "%.*s.encap", static_cast<int>(end - at), encap_from.data + at);
        const String asked{path, handler.length, 0}, nothing{"", 0, 0};
        if (self->host->read_handler(self, &asked, &nothing, &value, error.text) != 0 ||
            !link_type_of(answer, value.length)) {
          return error.fail("%s does not say ETHER or IP", path);
        }
        if (found != 0 && found != link_type)
          return error.fail("the elements of USE_ENCAP_FROM do not agree");
        found = link_type;
      }
      at = end + 1;
    }
    return true;
  }

  void start(bool) { set_task(noutputs() == 0 && input_is_pull(0)); }

  void push(uint32_t, Batch& in) {
    write(in);
    if (noutputs() != 0) output(0, in);
  }
  uint32_t pull(uint32_t, Batch& out, uint32_t max) {
    ScratchBatches scratch(shard(), 1);
    if (!scratch.ok()) return 0;
    Batch& in = scratch[0];
    if (max > out.room()) max = out.room();
    input(0, in, max);
    if (in.count != 0) write(in);
    for (Packet& p : in) out.add(p);
    return in.count;
  }
  bool run() {
    batch.count = 0;
    if (input(0, batch, burst) == 0) return false;
    write(batch);
    return true;
  }

  /// Writes the packets; they stay in the batch when there is an output (KEEP), otherwise they are given
  /// back.
  void write(Batch& in) {
    const uint32_t n = in.count;
    const uint32_t written = device->send(device, &in);
    counts->packets += written;
    if (HC_UNLIKELY(written != n && !failed)) report();
    if (unbuffered) {
      flush();
    } else if (!unflushed) {
      unflushed = true;
      set_timer(0, now() + flush_interval_ns);
    }
  }
  void timer(uint32_t) { flush(); }
  void flush() {
    unflushed = false;
    device->flush(device);
    if (device->error && !failed) report();
  }
  void report() {
    failed = true;
    self->host->log(self, "%.*s: %s", static_cast<int>(name.length), name.data,
                    device->error ? device->error : "packets could not be written");
  }

  uint64_t packets() const { return counts->packets; }
  void reset() { *counts = {}; }
  void encapsulation(Text text) const { text.print("%s", link_type == 1 ? "ETHER" : "IP"); }
  hc_device_stats stats() const {
    hc_device_stats now_stats = {};
    device->read_stats(device, &now_stats);
    return now_stats;
  }
  uint64_t size() const { return stats().file_size; }
  uint64_t errors() const { return stats().tx_errors; }
};

constexpr auto info =
    element<ToDump>("ToDump", "1.0.0")
        .help(
            "Writes packets to a capture file.\n\n"
            "The file is in pcap format, for tcpdump, Wireshark and FromDump. With an output the packets go "
            "on there, "
            "without one they end here; a pull input without an output is pulled as fast as it gives. What "
            "is written "
            "reaches the file within half a second. When the disk is full, packets are left out and counted, "
            "and the "
            "file stays readable.\n\n"
            "    FromDevice(eth0) -> ToDump(trace.pcap) -> Discard;\n\n"
            "With several shards each writes a file of its own: trace.pcap by shard 0, trace.1.pcap by shard "
            "1; join them "
            "with `mergecap`. An upgrade of the element writes on in the same file.\n\n"
            "Differs from Click: ENCAP FDDI is refused; EXTRA_LENGTH is accepted without effect; NANO is "
            "new.")
        .ports("1/0-1")
        .processing("a/a")
        .required<&ToDump::name>("FILENAME", "the file; - is the standard output")
        .positional<&ToDump::snaplen>("SNAPLEN", "bytes of a packet to write at most (0: all)")
        .positional<&ToDump::encap>("ENCAP", "what packets start with: ETHER or IP")
        .argument<&ToDump::encap_from>("USE_ENCAP_FROM",
                                       "take ENCAP from the encap handlers of these elements")
        .argument<&ToDump::extra_length>("EXTRA_LENGTH", "accepted, without effect")
        .argument<&ToDump::unbuffered>("UNBUFFERED", "true: write every burst to the file at once")
        .argument<&ToDump::nanoseconds>("NANO", "true: times in nanoseconds")
        .argument<&ToDump::burst>("BURST", "packets to pull in one go, 1 to 256")
        .state<&ToDump::counts>("counts", counts_v1, "packets written so far")
        .read<&ToDump::packets>("count", merge::sum, "packets written since the start or the last reset")
        .write<&ToDump::reset>("reset_counts", "sets count to zero")
        .write<&ToDump::flush>("flush", "writes what is buffered to the file")
        .read<&ToDump::name>("filename", merge::same, "the file")
        .read<&ToDump::encapsulation>("encap", merge::same, "ETHER or IP")
        .read<&ToDump::size>("filesize", merge::sum, "bytes written, buffered ones included")
        .read<&ToDump::errors>("errors", merge::sum, "packets that could not be written");
HOTCLICK_EXPORT(info)
