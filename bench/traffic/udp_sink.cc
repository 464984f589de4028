// Receives the packets of udp-generator and says what was lost, doubled, out of order or late, interval by
// interval.
//
//   udp-sink --port 9000 [--bind 0.0.0.0] [--flows 8] [--stream N] [--window 1048576] [--buffer 33554432]
//   [--cpu N] [--log PACKETS]
//
// Reads commands on stdin, one a line, and prints one JSON object a line:
//   mark NAME        ends the interval, prints it, and begins the interval NAME (the first one is called "start")
//   report           prints the interval as it stands
//   packets FROM TO  prints the logged packets that arrived between (CLOCK_MONOTONIC, ns)
//   end              prints the summary of all intervals and ends; so do end of input and SIGTERM
//
// Times are kernel receive timestamps: how late this program wakes does not change a figure. Packets that
// were dropped for want of room in its own socket are counted apart (socket_drops) and are part of `missing`
// too.

#include <poll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cinttypes>
#include <string>
#include <string_view>

#include "arrival_log.hpp"
#include "process.hpp"
#include "sequence_tracker.hpp"
#include "sink_socket.hpp"
#include "stamp.hpp"

namespace {

using namespace traffic;

/// Packets are fetched this often while they come, which is far less work than a wake-up for each.
constexpr long kFetchIntervalNs = 500'000;
/// After this many fetches in vain the program waits for the next packet instead.
constexpr int kIdleFetches = 200;
constexpr uint64_t kDrainQuietNs = 100'000'000;

/// Times of one interval; sequence numbers are the tracker's.
struct Timing {
  std::string name;
  uint64_t begin_ns = 0;     ///< CLOCK_MONOTONIC
  uint64_t end_ns = 0;       ///< the same; 0 while it lasts
  uint64_t packets = 0;      ///< arrivals, duplicates too
  uint64_t gap_ns = 0;       ///< largest time between two arrivals, the later one in this interval
  uint64_t gap_sent_ns = 0;  ///< what the same two packets were apart when they were sent
  uint64_t gap_at_ns = 0;    ///< when that gap ended, CLOCK_MONOTONIC
  uint64_t delay_max_ns = 0;
  uint64_t delay_sum_ns = 0;
  uint32_t drops_before = 0;
  uint32_t drops = 0;
};

class Sink {
 public:
  Sink(Socket& socket, uint32_t flows, uint64_t window, uint16_t stream, size_t log)
      : socket_(socket), tracker_(flows, window), log_(log), stream_(stream) {
    begin("start");
  }

  /// Fetches until the socket is empty, but not for ever; returns how many packets came.
  size_t fetch() {
    // Kernel timestamps are wall clock; the offset is taken anew each time so that a clock step cannot add
    // up.
    uint64_t offset = clock_ns(CLOCK_MONOTONIC) - clock_ns(CLOCK_REALTIME);
    size_t total = 0;
    for (int round = 0; round < 64; ++round) {
      size_t count = socket_.fetch([&](const uint8_t* data, size_t length, uint64_t realtime_ns) {
        take(data, length, realtime_ns + offset);
      });
      total += count;
      if (count < kBatch) break;
    }
    return total;
  }

  /// Waits until nothing has come for kDrainQuietNs, at most ten times as long.
  void drain() {
    uint64_t begin = clock_ns(CLOCK_MONOTONIC);
    uint64_t now = begin;
    uint64_t last = begin;
    while (now - last < kDrainQuietNs && now - begin < 10 * kDrainQuietNs) {
      pollfd readable{.fd = socket_.descriptor(), .events = POLLIN, .revents = 0};
      timespec pause{.tv_sec = 0, .tv_nsec = static_cast<long>(kDrainQuietNs / 4)};
      ppoll(&readable, 1, &pause, nullptr);
      now = clock_ns(CLOCK_MONOTONIC);
      if (fetch() > 0) last = now;
    }
  }

  void mark(std::string_view name) {
    fetch();
    finish_interval();
    print_interval("interval", timings_.size() - 1);
    tracker_.mark();
    begin(name);
  }

  void print_report() {
    fetch();
    timings_.back().drops = socket_.drops() - timings_.back().drops_before;
    print_interval("report", timings_.size() - 1);
  }

  void print_packets(uint64_t from_ns, uint64_t to_ns) {
    fetch();
    log_.print(from_ns, to_ns);
  }

  void print_summary() {
    finish_interval();
    std::printf("{\"event\":\"summary\",\"malformed\":%" PRIu64 ",\"foreign\":%" PRIu64
                ",\"socket_drops\":%u,\"intervals\":[",
                malformed_, foreign_, socket_.drops());
    for (size_t i = 0; i < timings_.size(); ++i) {
      if (i > 0) std::printf(",");
      print_counts(i);
    }
    std::printf("]}\n");
    std::fflush(stdout);
  }

 private:
  void begin(std::string_view name) {
    Timing& timing = timings_.emplace_back();
    timing.name = name;
    timing.begin_ns = clock_ns(CLOCK_MONOTONIC);
    timing.drops_before = socket_.drops();
  }

  void finish_interval() {
    timings_.back().end_ns = clock_ns(CLOCK_MONOTONIC);
    timings_.back().drops = socket_.drops() - timings_.back().drops_before;
  }

  void take(const uint8_t* data, size_t length, uint64_t at_ns) {
    Stamp stamp{};
    if (!read_stamp(data, length, stamp)) {
      ++malformed_;
      return;
    }
    if (stamp.stream != stream_) {
      ++foreign_;
      return;
    }
    if (!tracker_.accept(stamp.flow, stamp.sequence)) {
      ++malformed_;
      return;
    }
    Timing& timing = timings_.back();
    ++timing.packets;
    uint64_t delay = (at_ns - stamp.sent_ns) & kSentMask;
    // A delay in the upper half is a negative one: the two clocks were read a moment apart.
    if (delay > kSentMask / 2) delay = 0;
    log_.add({at_ns, delay, stamp.flow});
    timing.delay_sum_ns += delay;
    timing.delay_max_ns = std::max(timing.delay_max_ns, delay);
    if (previous_at_ns_ != 0 && at_ns > previous_at_ns_ && at_ns - previous_at_ns_ > timing.gap_ns) {
      uint64_t sent = (stamp.sent_ns - previous_sent_ns_) & kSentMask;
      timing.gap_ns = at_ns - previous_at_ns_;
      timing.gap_sent_ns = sent > kSentMask / 2 ? 0 : sent;
      timing.gap_at_ns = at_ns;
    }
    previous_at_ns_ = at_ns;
    previous_sent_ns_ = stamp.sent_ns;
  }

  void print_counts(size_t index) const {
    const Timing& timing = timings_[index];
    const SequenceCounts& counts = tracker_.intervals()[index];
    auto us = [](uint64_t ns) { return static_cast<double>(ns) / 1e3; };
    uint64_t end = timing.end_ns != 0 ? timing.end_ns : clock_ns(CLOCK_MONOTONIC);
    double mean = timing.packets == 0 ? 0 : us(timing.delay_sum_ns) / static_cast<double>(timing.packets);
    std::printf("{\"name\":\"%s\",\"begin_ns\":%" PRIu64 ",\"end_ns\":%" PRIu64 ",\"packets\":%" PRIu64
                ",\"received\":%" PRIu64 ",\"missing\":%" PRIu64 ",\"duplicated\":%" PRIu64
                ",\"reordered\":%" PRIu64 ",\"too_late\":%" PRIu64 ",\"socket_drops\":%u",
                timing.name.c_str(), timing.begin_ns, end, timing.packets, counts.received, counts.missing,
                counts.duplicated, counts.reordered, counts.too_late, timing.drops);
    std::printf(",\"gap_us\":%.1f,\"gap_sent_us\":%.1f,\"gap_at_ns\":%" PRIu64
                ",\"delay_mean_us\":%.1f,\"delay_max_us\":%.1f}",
                us(timing.gap_ns), us(timing.gap_sent_ns), timing.gap_at_ns, mean, us(timing.delay_max_ns));
  }

  void print_interval(const char* event, size_t index) const {
    std::printf("{\"event\":\"%s\",\"interval\":", event);
    print_counts(index);
    std::printf("}\n");
    std::fflush(stdout);
  }

  Socket& socket_;
  SequenceTracker tracker_;
  ArrivalLog log_;
  uint16_t stream_;
  std::vector<Timing> timings_;
  uint64_t malformed_ = 0;
  uint64_t foreign_ = 0;
  uint64_t previous_at_ns_ = 0;
  uint64_t previous_sent_ns_ = 0;
};

/// A name goes into JSON as it is, so it has only characters that may.
bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view(" _.:-").find(c) != std::string_view::npos;
  });
}

/// Lines of stdin, handed to the sink.
class Commands {
 public:
  /// Reads what is there; false when the program is to end.
  bool read(Sink& sink) {
    char buffer[4096];
    ssize_t count = ::read(STDIN_FILENO, buffer, sizeof buffer);
    if (count <= 0) return count < 0 && (errno == EAGAIN || errno == EINTR);
    pending_.append(buffer, static_cast<size_t>(count));
    size_t end;
    while ((end = pending_.find('\n')) != std::string::npos) {
      std::string line = pending_.substr(0, end);
      pending_.erase(0, end + 1);
      if (!obey(line, sink)) return false;
    }
    if (pending_.size() > sizeof buffer) pending_.clear();
    return true;
  }

 private:
  static bool obey(const std::string& line, Sink& sink) {
    uint64_t from_ns = 0;
    uint64_t to_ns = 0;
    if (line == "end") return false;
    if (line == "report") {
      sink.print_report();
    } else if (std::sscanf(line.c_str(), "packets %" SCNu64 " %" SCNu64, &from_ns, &to_ns) == 2) {
      sink.print_packets(from_ns, to_ns);
    } else if (line.starts_with("mark ") && is_name(std::string_view(line).substr(5))) {
      sink.mark(std::string_view(line).substr(5));
    } else {
      std::printf(
          "{\"event\":\"error\",\"message\":\"commands are: mark NAME, report, packets FROM TO, end\"}\n");
      std::fflush(stdout);
    }
    return true;
  }

  std::string pending_;
};

void run(Sink& sink, const Socket& socket) {
  Commands commands;
  int idle = 0;
  while (!stop_requested) {
    idle = sink.fetch() > 0 ? 0 : idle + 1;
    bool waiting = idle > kIdleFetches;
    pollfd inputs[] = {{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0},
                       {.fd = socket.descriptor(), .events = POLLIN, .revents = 0}};
    timespec pause{.tv_sec = 0, .tv_nsec = waiting ? 200 * kFetchIntervalNs : kFetchIntervalNs};
    if (ppoll(inputs, waiting ? 2 : 1, &pause, nullptr) > 0 && inputs[0].revents != 0 && !commands.read(sink))
      break;
  }
}

}  // namespace

int main(int argc, char** argv) {
  Options options(argc, argv);
  auto port = static_cast<uint16_t>(options.number("--port", 9000, 0, 65535));
  const char* address = options.text("--bind", "0.0.0.0");
  auto flows = static_cast<uint32_t>(options.number("--flows", 8, 1, 65536));
  auto window = static_cast<uint64_t>(options.number("--window", 1 << 20, 64, 1 << 30));
  if ((window & (window - 1)) != 0) fail(2, "--window", "is not a power of two");
  auto stream = static_cast<uint16_t>(options.number("--stream", kDefaultStream, 0, 65535));
  auto buffer = static_cast<int>(options.number("--buffer", 32 << 20, 4096, 1 << 30));
  auto log = static_cast<size_t>(options.number("--log", 0, 0, 1 << 24));
  pin_to_cpu(static_cast<int>(options.number("--cpu", -1, 0, CPU_SETSIZE - 1)));
  options.finish();

  catch_stop_signals();
  prctl(PR_SET_TIMERSLACK, 50'000UL);
  Socket socket(address, port, buffer);
  Sink sink(socket, flows, window, stream, log);
  std::printf("{\"event\":\"ready\",\"port\":%u,\"buffer_bytes\":%d}\n", socket.port(), socket.buffer());
  std::fflush(stdout);
  run(sink, socket);
  sink.drain();
  sink.print_summary();
  return 0;
}
