// Receiving on AF_PACKET: TPACKET_V2 and TPACKET_V3 rings with several block sizes. One thread sends frames
// of 60 bytes into a veth pair in a namespace of its own, another receives them as the engine does.
//
//   g++ -std=c++20 -O3 -fno-exceptions -fno-rtti -pthread -Inative/include bench/native/af_packet_rx.cc
//       $(ls native/io/*.cc | grep -v _test) -o af-packet-rx && ./af-packet-rx [seconds a run] [runs]
//
// "flood": as fast as the sender can; received packets/s, lost, and ns the receiver spends on a packet.
// "paced": 1,000 and 50,000 packets/s; microseconds from sending to receipt, processor share of the receiver,
// which sleeps in poll() when there is nothing. One JSON object a line. On a machine with other work the
// spread says how much to believe.
#include <poll.h>
#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "../../native/io/devices.hh"
#include "../../native/test/fake_shard.hh"
#include "../../native/test/private_network.hh"

using namespace hotclick;

namespace {

constexpr uint32_t frame_bytes = 60, stamp_at = 16;

uint64_t clock_ns(clockid_t clock) {
  timespec t;
  clock_gettime(clock, &t);
  return static_cast<uint64_t>(t.tv_sec) * 1'000'000'000u + static_cast<uint64_t>(t.tv_nsec);
}
uint64_t now_ns() {
  return clock_ns(CLOCK_MONOTONIC);
}

void pin(int processor) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(processor, &set);
  pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
}

hc_device* open_or_exit(FakeShard& shard, const char* interface, const std::string& options) {
  char error[HC_ERROR_SIZE];
  hc_device* device = io::open_device(shard.get(), "af_packet", interface, options.c_str(), error);
  if (device) return device;
  std::fprintf(stderr, "%s\n", error);
  std::exit(1);
}

/// Sends until the time is over: `rate` packets/s in bursts of at most `burst`, or without pause when it is
/// 0.
uint64_t send_for(double seconds, double rate, uint32_t burst) {
  pin(1);
  FakeShard shard(1024);
  hc_device* device = open_or_exit(shard, "left", "DIRECTION=tx");
  Batch batch;
  batch.count = 0;
  uint64_t sent = 0;
  const uint64_t start = now_ns(), end = start + static_cast<uint64_t>(seconds * 1e9);
  for (uint64_t now = start; now < end; now = now_ns()) {
    if (rate != 0 && static_cast<double>(sent) * 1e9 > static_cast<double>(now - start) * rate) continue;
    allocate_packets(shard.get(), &batch, burst);
    for (Packet& p : batch) {
      memset(p.data, 0, frame_bytes);
      p.data[0] = p.data[6] = 2;
      p.data[12] = 0x88;
      p.data[13] = 0xB5;
      p.length = frame_bytes;
      const uint64_t stamp = now_ns();
      memcpy(p.data + stamp_at, &stamp, sizeof(stamp));
    }
    sent += batch.count;
    while (batch.count != 0) device->send(device, &batch);
  }
  device->close(device);
  return sent;
}

struct Result {
  double packets_per_second = 0, lost = 0, busy_ns_per_packet = 0, processor_share = 0;
  double latency_p50 = 0, latency_p99 = 0;
};

Result run(const std::string& options, double seconds, double rate) {
  pin(0);
  FakeShard shard(8192);
  hc_device* device = open_or_exit(shard, "right", options);
  Batch batch;
  batch.count = 0;
  device->receive(device, &batch, 1);
  std::atomic<bool> done{false};
  uint64_t sent = 0;
  std::thread sender([&] {
    sent = send_for(seconds, rate, rate == 0 ? 64 : 1);
    done = true;
  });
  std::vector<float> latencies;
  uint64_t received = 0, busy = 0;
  const uint64_t start = now_ns(), processor_start = clock_ns(CLOCK_THREAD_CPUTIME_ID);
  uint64_t drained = 0;  // when the sender was done; then what is on its way gets 20 ms
  for (;;) {
    const uint64_t before = now_ns();
    const uint32_t n = device->receive(device, &batch, 256);
    if (n != 0) {
      const uint64_t now = now_ns();
      busy += now - before;
      received += n;
      if (rate != 0) {
        for (Packet& p : batch) {
          uint64_t stamp;
          memcpy(&stamp, p.data + stamp_at, sizeof(stamp));
          latencies.push_back(static_cast<float>(now - stamp) / 1000);
        }
      }
      shard.release(batch);
      continue;
    }
    if (done && drained == 0) drained = before;
    if (drained != 0 && before - drained > 20'000'000) break;
    if (rate != 0) {
      pollfd wait = {device->fd, POLLIN, 0};
      poll(&wait, 1, 5);
    }
  }
  const uint64_t elapsed = now_ns() - start;
  const uint64_t processor = clock_ns(CLOCK_THREAD_CPUTIME_ID) - processor_start;
  sender.join();
  device->close(device);
  Result r;
  r.packets_per_second = static_cast<double>(received) / seconds;
  r.lost = static_cast<double>(sent - received) / static_cast<double>(sent);
  r.busy_ns_per_packet = received ? static_cast<double>(busy) / static_cast<double>(received) : 0;
  r.processor_share = static_cast<double>(processor) / static_cast<double>(elapsed);
  if (!latencies.empty()) {
    std::sort(latencies.begin(), latencies.end());
    r.latency_p50 = latencies[latencies.size() / 2];
    r.latency_p99 = latencies[latencies.size() * 99 / 100];
  }
  return r;
}

/// `"name":{"median":…,"min":…,"max":…}` of one figure over the runs.
void print_figure(const char* name, const std::vector<Result>& runs, double Result::*member, int digits) {
  std::vector<double> values;
  for (const Result& r : runs) values.push_back(r.*member);
  std::sort(values.begin(), values.end());
  std::printf("\"%s\":{\"median\":%.*f,\"min\":%.*f,\"max\":%.*f}", name, digits, values[values.size() / 2],
              digits, values.front(), digits, values.back());
}

struct Ring {
  const char* options;
  std::vector<Result> flood, slow, paced;
};

}  // namespace

int main(int argc, char** argv) {
  const double seconds = argc > 1 ? std::atof(argv[1]) : 1;
  const int runs = argc > 2 ? std::atoi(argv[2]) : 5;
  PrivateNetwork network;
  if (!network.ready()) {
    std::fprintf(stderr, "needs root, or user namespaces, and iproute2\n");
    return 1;
  }
  Ring rings[] = {{"VERSION=2", {}, {}, {}},
                  {"VERSION=3 BLOCK=4", {}, {}, {}},
                  {"VERSION=3 BLOCK=8", {}, {}, {}},
                  {"VERSION=3 BLOCK=32", {}, {}, {}},
                  {"VERSION=3 BLOCK=256", {}, {}, {}}};
  // In turn, so that what else the machine does meets all rings alike.
  for (int i = 0; i < runs; ++i) {
    for (Ring& r : rings) {
      const std::string options = std::string("DIRECTION=rx RING=8 ") + r.options;
      r.flood.push_back(run(options, seconds, 0));
      r.slow.push_back(run(options, seconds, 1'000));
      r.paced.push_back(run(options, seconds, 50'000));
    }
  }
  for (const Ring& r : rings) {
    std::printf("{\"ring\":\"%s\",\"runs\":%d,\"flood\":{", r.options, runs);
    print_figure("packets_per_second", r.flood, &Result::packets_per_second, 0);
    std::printf(",");
    print_figure("lost", r.flood, &Result::lost, 4);
    std::printf(",");
    print_figure("receiver_ns", r.flood, &Result::busy_ns_per_packet, 0);
    const std::pair<const char*, const std::vector<Result>*> rates[] = {{"paced_1k", &r.slow},
                                                                        {"paced_50k", &r.paced}};
    for (const auto& [name, results] : rates) {
      std::printf("},\"%s\":{", name);
      print_figure("p50_us", *results, &Result::latency_p50, 0);
      std::printf(",");
      print_figure("p99_us", *results, &Result::latency_p99, 0);
      std::printf(",");
      print_figure("lost", *results, &Result::lost, 4);
      std::printf(",");
      print_figure("processor", *results, &Result::processor_share, 3);
    }
    std::printf("}}\n");
  }
}
