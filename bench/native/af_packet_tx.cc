// Sending on AF_PACKET: sendmmsg as the engine does it, against a TPACKET_V2 transmit ring. Frames of 60
// bytes leave on one end of a veth pair in a namespace of its own; the other end's stack throws them away on
// the same processor, so both ways pay the same for the veth itself.
//
//   g++ -std=c++20 -O3 -fno-exceptions -fno-rtti -Inative/include bench/native/af_packet_tx.cc
//   native/io/[a-z]*.cc
//       (without the _test.cc files) -o af-packet-tx && ./af-packet-tx [packets a run] [runs]
//
// Prints one JSON object a line: the way, packets in one call, and ns per packet as median, least and most.
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstdio>
#include <vector>

#include "../../native/io/devices.hh"
#include "../../native/test/fake_shard.hh"
#include "../../native/test/private_network.hh"

using namespace hotclick;

namespace {

constexpr uint32_t frame_bytes = 60;

uint64_t now_ns() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<uint64_t>(t.tv_sec) * 1'000'000'000u + static_cast<uint64_t>(t.tv_nsec);
}

void fill_frame(uint8_t* frame) {
  memset(frame, 0, frame_bytes);
  frame[0] = frame[6] = 2;
  frame[12] = 0x88;
  frame[13] = 0xB5;
}

/// One way to send: takes a batch of packets and gives them back to the pool.
struct Sender {
  virtual void send(Batch& batch) = 0;

 protected:
  ~Sender() = default;
};

struct Sendmmsg final : Sender {
  hc_device* device;
  explicit Sendmmsg(FakeShard& shard, const char* options) {
    char error[HC_ERROR_SIZE];
    device = io::open_device(shard.get(), "af_packet", "left", options, error);
    if (!device) {
      std::fprintf(stderr, "%s\n", error);
      std::exit(1);
    }
  }
  void send(Batch& batch) override {
    while (batch.count != 0) device->send(device, &batch);
  }
};

/// Frames are copied into slots shared with the kernel; one call tells it to send all that are ready.
struct TransmitRing final : Sender {
  static constexpr uint32_t slot_bytes = 2048, slots = 1024;
  FakeShard& shard;
  int fd;
  uint8_t* ring;
  uint32_t next = 0;

  explicit TransmitRing(FakeShard& s) : shard(s), fd(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0)) {
    const int version = TPACKET_V2, on = 1;
    tpacket_req request = {slot_bytes * 32, slots / 32, slot_bytes, slots};
    sockaddr_ll address = {};
    address.sll_family = AF_PACKET;
    address.sll_ifindex = static_cast<int>(if_nametoindex("left"));
    if (setsockopt(fd, SOL_PACKET, PACKET_VERSION, &version, sizeof(version)) != 0 ||
        setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof(on)) != 0 ||
        setsockopt(fd, SOL_PACKET, PACKET_TX_RING, &request, sizeof(request)) != 0 ||
        bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
      std::perror("transmit ring");
      std::exit(1);
    }
    ring = static_cast<uint8_t*>(
        mmap(nullptr, size_t{slot_bytes} * slots, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
  }
  void send(Batch& batch) override {
    for (Packet& p : batch) {
      uint8_t* slot = ring + size_t{next} * slot_bytes;
      auto& header = *reinterpret_cast<tpacket2_hdr*>(slot);
      while (__atomic_load_n(&header.tp_status, __ATOMIC_ACQUIRE) != TP_STATUS_AVAILABLE)
        ::send(fd, nullptr, 0, 0);
      memcpy(slot + TPACKET2_HDRLEN - sizeof(sockaddr_ll), p.data, p.length);
      header.tp_len = p.length;
      __atomic_store_n(&header.tp_status, TP_STATUS_SEND_REQUEST, __ATOMIC_RELEASE);
      if (++next == slots) next = 0;
    }
    ::send(fd, nullptr, 0, MSG_DONTWAIT);
    shard.release(batch);
  }
};

double run(FakeShard& shard, Sender& sender, uint32_t burst, uint64_t packets) {
  Batch batch;
  batch.count = 0;
  const uint64_t start = now_ns();
  for (uint64_t sent = 0; sent < packets; sent += burst) {
    allocate_packets(shard.get(), &batch, burst);
    for (Packet& p : batch) {
      p.length = frame_bytes;
      fill_frame(p.data);
    }
    sender.send(batch);
  }
  return static_cast<double>(now_ns() - start) / static_cast<double>(packets);
}

}  // namespace

int main(int argc, char** argv) {
  const uint64_t packets = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 500'000;
  const int runs = argc > 2 ? std::atoi(argv[2]) : 7;
  PrivateNetwork network;
  if (!network.ready()) {
    std::fprintf(stderr, "needs root, or user namespaces, and iproute2\n");
    return 1;
  }
  FakeShard shard;
  Sendmmsg direct(shard, "DIRECTION=tx"), queued(shard, "DIRECTION=tx BYPASS=false");
  TransmitRing ring(shard);
  struct Way {
    const char* name;
    Sender* sender;
    std::vector<double> ns;
  };
  for (const uint32_t burst : {1u, 32u, 64u, 256u}) {
    Way ways[] = {{"sendmmsg", &direct, {}}, {"sendmmsg-qdisc", &queued, {}}, {"ring", &ring, {}}};
    // In turn, so that what else the machine does meets all ways alike.
    for (int i = 0; i < runs; ++i) {
      for (Way& w : ways) w.ns.push_back(run(shard, *w.sender, burst, packets));
    }
    for (Way& w : ways) {
      std::sort(w.ns.begin(), w.ns.end());
      std::printf(
          "{\"way\":\"%s\",\"burst\":%u,\"ns_per_packet\":{\"median\":%.0f,\"min\":%.0f,\"max\":%.0f},"
          "\"runs\":%d}\n",
          w.name, burst, w.ns[w.ns.size() / 2], w.ns.front(), w.ns.back(), runs);
    }
  }
}
