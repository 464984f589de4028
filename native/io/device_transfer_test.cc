// Devices that another engine goes on with, handed over or after a kill: no frame is lost or comes twice.
#include <poll.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <ctime>
#include <memory>
#include <string>

#include "../test/fake_shard.hh"
#include "../test/private_network.hh"
#include "../test/unit.hpp"
#include "devices.hh"

using namespace hotclick;
using namespace hotclick::io;

namespace {

/// A frame that carries a number.
std::string numbered(uint32_t number, size_t size) {
  std::string frame("\x02\0\0\0\0\x01\x02\0\0\0\0\x02\x88\xB5", 14);
  frame.append(reinterpret_cast<const char*>(&number), sizeof(number));
  frame.resize(size, '.');
  return frame;
}
uint32_t number_of(const Packet& p) {
  uint32_t number;
  memcpy(&number, p.data + 14, sizeof(number));
  return number;
}

Device& device_of(hc_device* device) {
  return *static_cast<Device*>(device);
}

/// One engine's half: a shard with the device. The first opens it, the others go on with what the one before has.
struct Owner {
  FakeShard shard;
  hc_device* device = nullptr;
  Batch batch;

  Owner(const char* kind, const char* name, const char* options, DeviceMemory* memory,
        const std::vector<int>* files) {
    char error[HC_ERROR_SIZE] = "";
    batch.count = 0;
    device = open_device(shard.get(), kind, name, options, error, {memory, files});
    if (!device) unit::fail(__FILE__, __LINE__, error);
  }
  ~Owner() {
    shard.release(batch);
    if (device) device->close(device);
  }
  uint32_t receive(uint32_t max) {
    shard.release(batch);
    return device->receive(device, &batch, max);
  }
  /// Receives `n` frames that must follow `next`; false when they do not, or nothing comes for a second.
  bool expect(uint32_t& next, uint32_t n, unit::Random& random) {
    const uint32_t end = next + n;
    while (next < end) {
      const uint32_t left = end - next;
      const uint32_t max = 1 + random.below(left < 50 ? left : 50);
      if (receive(max) == 0) {
        pollfd wait = {device->fd, POLLIN, 0};
        if (!CHECK(poll(&wait, 1, 1000) > 0)) return false;
        shard.tick();
      }
      for (const Packet& p : batch) {
        if (!CHECK_EQ(number_of(p), next++)) return false;
      }
    }
    return true;
  }
};

void goes_from_engine_to_engine(const char* options) {
  unit::Random random{unit::seed()};
  PrivateNetwork network;
  if (!CHECK(network.ready())) return;
  DeviceMemory memory;
  auto owner = std::make_unique<Owner>("af_packet", "right", options, &memory, nullptr);
  if (!owner->device) return;
  owner->receive(1);
  FrameSocket left("left");
  uint32_t sent = 0, next = 0;
  for (uint32_t round = 0; round < 40; ++round) {
    for (uint32_t n = random.below(120); n != 0; --n)
      CHECK(left.send(numbered(sent++, 60 + random.below(400))));
    if (!owner->expect(next, random.below(sent - next + 1), random)) return;
    const std::vector<int> files = device_of(owner->device).files(device_of(owner->device));
    auto successor = std::make_unique<Owner>("af_packet", "right", options, &memory, &files);
    if (!successor->device) return;
    if (random.chance(30)) continue;  // it changes its mind: the giver goes on
    device_of(owner->device).released = true;
    device_of(successor->device).released = false;
    owner = std::move(successor);
  }
  CHECK(owner->expect(next, sent - next, random));
  CHECK_EQ(memory.stats.rx_packets, sent);
  CHECK_EQ(memory.stats.rx_kernel_drops, 0u);
}

/// A process that receives is killed at any instruction; the next one goes on behind the last frame it was given.
void survives_kills(const char* options) {
  unit::Random random{unit::seed()};
  PrivateNetwork network;
  if (!CHECK(network.ready())) return;
  struct Shared {
    DeviceMemory memory;
    uint32_t next;  // number behind the last frame of a completed receive()
  };
  const std::unique_ptr<Shared, void (*)(Shared*)> shared(
      static_cast<Shared*>(
          mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)),
      [](Shared* s) { munmap(s, sizeof(Shared)); });
  FrameSocket left("left");
  std::vector<int> files;
  std::unique_ptr<Owner> holder;  // keeps the descriptors open and never reads
  holder = std::make_unique<Owner>("af_packet", "right", options, &shared->memory, nullptr);
  if (!holder->device) return;
  holder->receive(1);
  files = device_of(holder->device).files(device_of(holder->device));
  uint32_t sent = 0, lost = 0;
  constexpr uint32_t largest = 64;
  for (uint32_t run = 0; run < 30; ++run) {
    const uint32_t from = shared->next;
    const pid_t child = fork();
    if (child == 0) {
      Owner owner("af_packet", "right", options, &shared->memory, &files);
      for (;;) {
        if (owner.receive(1 + random.below(largest)) == 0) continue;
        const uint32_t last = number_of(owner.batch[owner.batch.count - 1]);
        // The first may be later than what was counted: the batch of the one that was killed. It is never earlier.
        bool good = number_of(owner.batch[0]) >= shared->next;
        for (uint32_t i = 1; i < owner.batch.count; ++i)
          good &= number_of(owner.batch[i]) == number_of(owner.batch[i - 1]) + 1;
        if (!good) _exit(1);
        __atomic_store_n(&shared->next, last + 1, __ATOMIC_RELEASE);
        owner.shard.tick();
      }
    }
    const uint32_t until = sent + 1 + random.below(800);
    while (sent < until) CHECK(left.send(numbered(sent++, 60)));
    const timespec wait{0, static_cast<long>(random.below(1'500'000))};
    nanosleep(&wait, nullptr);
    kill(child, SIGKILL);
    int status = 0;
    waitpid(child, &status, 0);
    if (!CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)) return;
    CHECK(shared->next >= from);
  }
  // What is left in the ring comes without a hole; before it at most the one batch of the last child is missing.
  Owner last("af_packet", "right", options, &shared->memory, &files);
  uint32_t next = shared->next;
  for (uint32_t tries = 0; next < sent && tries < 1000; ++tries) {
    if (last.receive(HC_BATCH_CAPACITY) == 0) {
      pollfd wait = {last.device->fd, POLLIN, 0};
      if (poll(&wait, 1, 1000) == 0) break;
      last.shard.tick();
    }
    for (const Packet& p : last.batch) {
      if (number_of(p) > next) lost += number_of(p) - next;
      if (!CHECK(number_of(p) >= next)) return;
      next = number_of(p) + 1;
    }
  }
  if (lost == 0 && next < sent) lost = sent - next;
  CHECK(lost <= largest);
}

/// Both get every frame; the second goes on behind the last one that the first has received.
void takes_the_traffic_over(const char* options) {
  unit::Random random{unit::seed()};
  PrivateNetwork network;
  if (!CHECK(network.ready())) return;
  FrameSocket left("left");
  uint32_t sent = 0, next = 0;
  auto owner = std::make_unique<Owner>("af_packet", "right", options, nullptr, nullptr);
  if (!owner->device) return;
  owner->receive(1);
  for (uint32_t round = 0; round < 20; ++round) {
    // Two engines in one process are told apart by the number of their group.
    const std::string apart = std::string(options) + " GROUP=" + std::to_string(round + 1);
    auto second = std::make_unique<Owner>("af_packet", "right", apart.c_str(), nullptr, nullptr);
    if (!second->device || !CHECK(device_of(second->device).beside != nullptr)) return;
    const auto send = [&](uint32_t least) {
      for (uint32_t n = least + random.below(60); n != 0; --n) CHECK(left.send(numbered(sent++, 60)));
    };
    send(0);
    device_of(second->device).beside->start(device_of(second->device));
    send(1);  // something must come to the second, or it would be waited for in vain
    if (!owner->expect(next, random.below(sent - next + 1), random)) return;
    send(0);
    const Device& first = device_of(owner->device);
    device_of(second->device)
        .beside->pass_over(device_of(second->device), first.beside->last_frame(device_of(owner->device)));
    // What came before the second took frames and was not received by the first is lost.
    const uint32_t from = next;
    second->shard.tick();
    for (uint32_t tries = 0; next < sent && tries < 1000; ++tries) {
      if (second->receive(HC_BATCH_CAPACITY) == 0) {
        pollfd wait = {second->device->fd, POLLIN, 0};
        if (!CHECK(poll(&wait, 1, 1000) > 0)) return;
        second->shard.tick();
      }
      for (const Packet& p : second->batch) {
        if (next == from && number_of(p) > next) next = number_of(p);
        if (!CHECK_EQ(number_of(p), next++)) return;
      }
    }
    owner = std::move(second);
  }
}

}  // namespace

TEST("device transfer: a device takes the traffic over from one beside it, frame by frame") {
  takes_the_traffic_over("DIRECTION=rx");
  takes_the_traffic_over("DIRECTION=rx VERSION=2");
}

TEST("device transfer: a version 3 ring goes from engine to engine") {
  goes_from_engine_to_engine("DIRECTION=rx");
}
TEST("device transfer: a version 2 ring goes from engine to engine") {
  goes_from_engine_to_engine("DIRECTION=rx VERSION=2");
}
TEST("device transfer: a small ring goes from engine to engine") {
  goes_from_engine_to_engine("DIRECTION=rx RING=1 BLOCK=32");
}
TEST("device transfer: a version 3 ring survives kill -9 of its reader") {
  survives_kills("DIRECTION=rx");
}
TEST("device transfer: a version 2 ring survives kill -9 of its reader") {
  survives_kills("DIRECTION=rx VERSION=2");
}

TEST("device transfer: a sending socket and a tun interface go on") {
  PrivateNetwork network;
  if (!CHECK(network.ready())) return;
  for (const char* kind : {"af_packet", "tap"}) {
    const std::string name = kind[0] == 'a' ? "right" : "made";
    DeviceMemory memory;
    auto giver = std::make_unique<Owner>(kind, name.c_str(), "", &memory, nullptr);
    if (!giver->device) return;
    const std::vector<int> files = device_of(giver->device).files(device_of(giver->device));
    Owner successor(kind, name.c_str(), "", &memory, &files);
    if (!successor.device) return;
    device_of(giver->device).released = true;
    giver.reset();
    const std::string frame = numbered(7, 60);
    successor.batch.add(*successor.shard.make(frame.data(), 60));
    CHECK_EQ(successor.device->send(successor.device, &successor.batch), 1u);
    hc_device_stats stats;
    successor.device->read_stats(successor.device, &stats);
    CHECK_EQ(stats.tx_packets, 1u);
  }
}

TEST("device transfer: descriptors of another kind are refused") {
  PrivateNetwork network;
  if (!CHECK(network.ready())) return;
  FakeShard shard;
  char error[HC_ERROR_SIZE];
  DeviceMemory memory;
  const std::vector<int> wrong = {0, 0}, none;
  for (const char* kind : {"af_packet", "tap", "pcap-write"}) {
    CHECK(open_device(shard.get(), kind, "right", "", error, {&memory, &wrong}) == nullptr);
    CHECK(open_device(shard.get(), kind, "right", "", error, {&memory, &none}) == nullptr);
  }
  CHECK(open_device(shard.get(), "pcap-read", "-", "", error, {&memory, &none}) == nullptr);
}

TEST("device transfer: capture files are read on and written on") {
  FakeShard source;
  unit::Random random{unit::seed()};
  const std::string path = "/tmp/hotclick-transfer-" + std::to_string(getpid()) + ".pcap";
  DeviceMemory written, read;
  constexpr uint32_t frames = 500;
  auto writer = std::make_unique<Owner>("pcap-write", path.c_str(), "", &written, nullptr);
  for (uint32_t i = 0; i < frames; ++i) {
    if (i % 50 == 49) {
      writer->device->flush(writer->device);
      const std::vector<int> files = device_of(writer->device).files(device_of(writer->device));
      writer = std::make_unique<Owner>("pcap-write", path.c_str(), "", &written, &files);
      if (!writer->device) return;
    }
    const std::string frame = numbered(i, 60 + random.below(1000));
    writer->batch.add(*writer->shard.make(frame.data(), static_cast<uint32_t>(frame.size())));
    writer->device->send(writer->device, &writer->batch);
  }
  writer.reset();
  auto reader = std::make_unique<Owner>("pcap-read", path.c_str(), "LOOP=true", &read, nullptr);
  const std::vector<int> none;
  for (uint32_t next = 0; next < 4 * frames;) {
    auto successor = std::make_unique<Owner>("pcap-read", path.c_str(), "LOOP=true", &read, &none);
    for (uint32_t n = random.below(20); n != 0;
         --n) {  // the giver reads on after the successor has opened the file
      reader->receive(1 + random.below(40));
      for (const Packet& p : reader->batch) {
        if (!CHECK_EQ(number_of(p), next++ % frames)) return;
      }
    }
    reader = std::move(successor);
  }
  unlink(path.c_str());
}
