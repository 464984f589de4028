// Sends sequence-numbered UDP packets at a fixed rate, and says at the end what it really did.
//
//   udp-generator --source 10.1.0.2:20000 --target 10.2.0.2:9000 [--rate 50000] [--duration 10] [--flows 8]
//                 [--size 64] [--burst N] [--cpu N] [--spin] [--realtime] [--stream N] [--catch-up S] [--json]
//                 [--raw DEVICE --src-mac MAC --dst-mac MAC]
//
// --rate is in packets/s over all flows, --duration in seconds (0: until SIGTERM), --size the frame's length
// without frame check sequence. A tick sends --burst packets, spread over the flows; by default ticks are
// about 150 µs apart. Deadlines are absolute, so a late tick is followed by early ones and the rate holds; after
// --catch-up seconds without a tick the packets of that time are left out.

#include <sys/prctl.h>
#include <sys/resource.h>

#include <algorithm>
#include <cinttypes>
#include <memory>

#include "process.hpp"
#include "sender.hpp"
#include "stamp.hpp"

namespace {

using namespace traffic;

/// A program that was stopped for more seconds than this skips the packets it missed: to send them all at once
/// would measure the queues behind it and not what it is here to measure.
constexpr double kMostCatchUp = 0.02;

struct Plan {
  double rate;
  double duration;
  double catch_up;
  uint32_t flows;
  uint16_t stream;
  size_t burst;
  bool spin;
};

struct Result {
  uint64_t sent = 0;
  uint64_t errors = 0;
  uint64_t skipped = 0;
  uint64_t largest_gap_ns = 0;
  double seconds = 0;
};

Endpoint parse_endpoint(const char* option, const char* text) {
  char address[INET_ADDRSTRLEN] = {};
  const char* colon = std::strchr(text, ':');
  Endpoint endpoint{};
  if (colon == nullptr || static_cast<size_t>(colon - text) >= sizeof address)
    fail(2, option, "is not ADDRESS:PORT");
  std::memcpy(address, text, static_cast<size_t>(colon - text));
  char* end = nullptr;
  unsigned long port = std::strtoul(colon + 1, &end, 10);
  if (end == colon + 1 || *end != '\0' || port == 0 || port > 65535 ||
      inet_pton(AF_INET, address, &endpoint.address) != 1) {
    fail(2, option, "is not ADDRESS:PORT");
  }
  endpoint.port = static_cast<uint16_t>(port);
  return endpoint;
}

void parse_mac(const char* option, const char* text, uint8_t* mac) {
  int used = 0;
  if (std::sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%n", mac, mac + 1, mac + 2, mac + 3, mac + 4,
                  mac + 5, &used) != 6 ||
      text[used] != '\0') {
    fail(2, option, "is not a MAC address");
  }
}

void wait_until(uint64_t deadline_ns, bool spin) {
  if (spin) {
    while (clock_ns(CLOCK_MONOTONIC) < deadline_ns && !stop_requested) {
    }
    return;
  }
  timespec deadline{.tv_sec = static_cast<time_t>(deadline_ns / 1'000'000'000),
                    .tv_nsec = static_cast<long>(deadline_ns % 1'000'000'000)};
  clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &deadline, nullptr);
}

/// The packets of one tick, dealt out over the flows in turn.
class Dealer {
 public:
  Dealer(const Plan& plan, Sender& sender) : plan_(plan), sender_(sender), sequences_(plan.flows) {}

  void send(size_t packets, uint64_t now_ns, Result& result) {
    size_t flows = std::min<size_t>(packets, plan_.flows);
    for (size_t i = 0; i < flows; ++i) {
      size_t share = packets / flows + (i < packets % flows ? 1 : 0);
      send_flow(static_cast<uint32_t>((first_flow_ + i) % plan_.flows), share, now_ns, result);
    }
    first_flow_ = static_cast<uint32_t>((first_flow_ + packets) % plan_.flows);
  }

 private:
  void send_flow(uint32_t flow, size_t packets, uint64_t now_ns, Result& result) {
    for (size_t i = 0; i < packets; ++i) {
      write_stamp(sender_.stamp(i), {.stream = plan_.stream,
                                     .flow = static_cast<uint16_t>(flow),
                                     .sequence = sequences_[flow] + i,
                                     .sent_ns = now_ns,
                                     .global = static_cast<uint32_t>(result.sent + i)});
    }
    size_t accepted = sender_.send(flow, packets);
    // A refused packet does not use up its number: what the sink misses was really on its way.
    sequences_[flow] += accepted;
    result.sent += accepted;
    result.errors += packets - accepted;
  }

  const Plan& plan_;
  Sender& sender_;
  std::vector<uint64_t> sequences_;
  uint32_t first_flow_ = 0;
};

Result generate(const Plan& plan, Sender& sender) {
  Result result;
  Dealer dealer(plan, sender);
  double interval_ns = 1e9 * static_cast<double>(plan.burst) / plan.rate;
  uint64_t begin = clock_ns(CLOCK_MONOTONIC);
  uint64_t end = plan.duration > 0 ? begin + static_cast<uint64_t>(plan.duration * 1e9) : UINT64_MAX;
  uint64_t previous = 0;
  for (uint64_t tick = 0; !stop_requested; ++tick) {
    uint64_t deadline = begin + static_cast<uint64_t>(interval_ns * static_cast<double>(tick));
    if (deadline >= end) break;
    uint64_t now = clock_ns(CLOCK_MONOTONIC);
    if (now < deadline) {
      wait_until(deadline, plan.spin);
      if (stop_requested) break;
      now = clock_ns(CLOCK_MONOTONIC);
    } else if (static_cast<double>(now - deadline) > plan.catch_up * 1e9) {
      auto missed = static_cast<uint64_t>(static_cast<double>(now - deadline) / interval_ns);
      result.skipped += missed * plan.burst;
      tick += missed;
    }
    if (previous != 0) result.largest_gap_ns = std::max(result.largest_gap_ns, now - previous);
    previous = now;
    dealer.send(plan.burst, now, result);
  }
  result.seconds = static_cast<double>(clock_ns(CLOCK_MONOTONIC) - begin) / 1e9;
  return result;
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  auto seconds = [](timeval time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void report(const Result& result, const Plan& plan, bool json) {
  const char* format =
      json ? "{\"event\":\"summary\",\"sent\":%" PRIu64 ",\"errors\":%" PRIu64 ",\"skipped\":%" PRIu64
             ",\"flows\":%u,\"burst\":%zu,\"seconds\":%.3f,\"rate\":%.1f,\"gap_max_us\":%.1f,\"cpu_percent\":"
             "%.1f}\n"
           : "sent %" PRIu64 ", errors %" PRIu64 ", skipped %" PRIu64
             ", %u flows, bursts of %zu, %.3f s, %.1f packets/s, largest gap %.1f us, CPU %.1f %%\n";
  std::printf(format, result.sent, result.errors, result.skipped, plan.flows, plan.burst, result.seconds,
              static_cast<double>(result.sent) / result.seconds,
              static_cast<double>(result.largest_gap_ns) / 1e3, 100 * cpu_seconds() / result.seconds);
}

}  // namespace

int main(int argc, char** argv) {
  Options options(argc, argv);
  Endpoint source = parse_endpoint("--source", options.required("--source"));
  Endpoint target = parse_endpoint("--target", options.required("--target"));
  Plan plan{};
  plan.rate = options.number("--rate", 50'000, 0.1, 20e6);
  plan.duration = options.number("--duration", 0, 0, 1e6);
  plan.catch_up = options.number("--catch-up", kMostCatchUp, 0, 1e6);
  plan.flows = static_cast<uint32_t>(options.number("--flows", 8, 1, 65536 - source.port));
  plan.stream = static_cast<uint16_t>(options.number("--stream", kDefaultStream, 0, 65535));
  plan.spin = options.flag("--spin");
  double usual_burst = std::clamp(plan.rate * 150e-6, 1.0, static_cast<double>(kMostPerCall));
  plan.burst = static_cast<size_t>(options.number("--burst", usual_burst, 1, kMostPerCall));
  auto frame_bytes = static_cast<size_t>(options.number("--size", 64, kHeaderBytes + kStampBytes, 1514));
  pin_to_cpu(static_cast<int>(options.number("--cpu", -1, 0, CPU_SETSIZE - 1)));
  bool json = options.flag("--json");

  std::unique_ptr<Sender> sender;
  if (const char* device = options.text("--raw", nullptr)) {
    uint8_t from[6], to[6];
    parse_mac("--src-mac", options.required("--src-mac"), from);
    parse_mac("--dst-mac", options.required("--dst-mac"), to);
    sender = std::make_unique<RawSender>(frame_bytes, source, target, device, from, to);
  } else {
    sender = std::make_unique<UdpSender>(frame_bytes, source, target, plan.flows);
  }
  sched_param priority{.sched_priority = 1};
  if (options.flag("--realtime") && sched_setscheduler(0, SCHED_FIFO, &priority) != 0)
    fail_errno("--realtime");
  options.finish();

  prctl(PR_SET_TIMERSLACK, 1UL);
  prctl(PR_SET_PDEATHSIG, SIGTERM);  // a driver that dies must not leave traffic behind
  catch_stop_signals();
  if (json) {
    std::printf("{\"event\":\"ready\"}\n");
    std::fflush(stdout);
  }
  report(generate(plan, *sender), plan, json);
  return 0;
}
