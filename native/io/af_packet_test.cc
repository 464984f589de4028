#include <poll.h>

#include <string>

#include "../test/fake_shard.hh"
#include "../test/private_network.hh"
#include "../test/unit.hpp"
#include "devices.hh"

using namespace hotclick;
using namespace hotclick::io;

namespace {

const std::string addresses("\x02\0\0\0\0\x01\x02\0\0\0\0\x02", 12);

std::string test_frame(uint32_t number, size_t size = 60) {
  std::string frame = addresses + std::string("\x88\xB5", 2) + std::to_string(number);
  frame.resize(size, '.');
  return frame;
}

struct Opened {
  FakeShard shard;
  hc_device* device = nullptr;
  Batch batch;

  Opened(const char* interface, const char* options) {
    char error[HC_ERROR_SIZE] = "";
    device = open_device(shard.get(), "af_packet", interface, options, error);
    batch.count = 0;
    if (!device) {
      unit::fail(__FILE__, __LINE__, error);
      return;
    }
    device->receive(device, &batch, 1);
  }
  ~Opened() {
    shard.release(batch);
    if (device) device->close(device);
    CHECK_EQ(shard.free_packets(), 4096u);  // none lost, none twice
  }
  /// Waits until the batch holds `n` packets or nothing has come for a second.
  bool receive(uint32_t n) {
    for (uint32_t in_vain = 0; batch.count < n; ++in_vain) {
      if (device->receive(device, &batch, n - batch.count) != 0) in_vain = 0;
      if (batch.count == n) break;
      if (in_vain == 10000) return false;  // woken again and again for nothing
      pollfd wait = {device->fd, POLLIN, 0};
      if (poll(&wait, 1, 1000) == 0) return false;
      shard.tick();
    }
    return true;
  }
  hc_device_stats stats() {
    hc_device_stats s;
    device->read_stats(device, &s);
    return s;
  }
  std::string text(uint32_t i) {
    return std::string(reinterpret_cast<char*>(batch[i].data), batch[i].length);
  }
};

void receives_frames_in_order(const char* options) {
  PrivateNetwork network;
  if (!CHECK(network.ready())) return;
  Opened right("right", options);
  if (!right.device) return;
  FrameSocket left("left");
  for (uint32_t i = 0; i < 200; ++i) CHECK(left.send(test_frame(i)));
  if (!CHECK(right.receive(200))) return;
  for (uint32_t i = 0; i < 200; ++i) CHECK_EQ(right.text(i), test_frame(i));
  const Packet& p = right.batch[0];
  CHECK_EQ(p.mac_offset, p.headroom());
  CHECK_EQ(p.network_offset, 0);
  CHECK(p.timestamp > 1'500'000'000'000'000'000u);
  CHECK_EQ(p.packet_type, HC_TYPE_OTHERHOST);
  CHECK_EQ(right.stats().rx_packets, 200u);
  CHECK_EQ(right.stats().rx_kernel_drops, 0u);
}

}  // namespace

TEST("a TPACKET_V3 ring hands over frames in order with their annotations") {
  receives_frames_in_order("DIRECTION=rx VERSION=3");
}
TEST("a TPACKET_V2 ring hands over frames in order with their annotations") {
  receives_frames_in_order("DIRECTION=rx VERSION=2");
}

TEST("a VLAN tag that the kernel took off is put back") {
  PrivateNetwork network;
  if (!CHECK(network.ready())) return;
  Opened right("right", "DIRECTION=rx");
  FrameSocket left("left");
  const std::string tagged = addresses + std::string("\x81\0\x60\x2A\x88\xB5", 6) + std::string(50, 'v');
  CHECK(left.send(tagged));
  if (!CHECK(right.receive(1))) return;
  CHECK_EQ(right.text(0), tagged);
  CHECK_EQ(right.batch[0].vlan_tci, 0x602A);
  CHECK_EQ(right.batch[0].flags, HC_PACKET_VLAN);
}

TEST("a frame longer than a packet buffer is counted and the next one received") {
  PrivateNetwork network;
  if (!CHECK(network.ready()) || !CHECK(network.ip("link set left mtu 9000 && ip link set right mtu 9000")))
    return;
  Opened right("right", "DIRECTION=rx");
  FrameSocket left("left");
  CHECK(left.send(test_frame(1, 4000)));
  CHECK(left.send(test_frame(2, HC_BUFFER_SIZE - HC_HEADROOM)));
  CHECK(left.send(test_frame(3, HC_BUFFER_SIZE - HC_HEADROOM + 1)));
  CHECK(left.send(test_frame(4)));
  if (!CHECK(right.receive(2))) return;
  CHECK_EQ(right.text(0), test_frame(2, HC_BUFFER_SIZE - HC_HEADROOM));
  CHECK_EQ(right.text(1), test_frame(4));
  CHECK_EQ(right.stats().rx_too_long, 2u);
}

TEST("a frame that fills a whole block leaves an empty block behind and reading goes on") {
  // Block sizes in KiB; frames around the size of a block, as senders that segment in hardware make them.
  for (const size_t block : {4, 32}) {
    PrivateNetwork network;
    if (!CHECK(network.ready()) ||
        !CHECK(network.ip("link set left mtu 65000 && ip link set right mtu 65000")))
      return;
    Opened right("right", ("DIRECTION=rx RING=1 BLOCK=" + std::to_string(block)).c_str());
    FrameSocket left("left");
    uint32_t big = 0, small = 0;
    // More than the ring has blocks of 32 KiB, so that it goes round.
    for (int round = 0; round < 6; ++round) {
      for (const size_t below : {200, 130, 96, 60, 20, 0}) {
        CHECK(left.send(test_frame(0, block * 1024 - below)));
        CHECK(left.send(test_frame(++small)));
        ++big;
        if (!CHECK(right.receive(small))) return;
      }
    }
    for (uint32_t i = 0; i < small; ++i) CHECK_EQ(right.text(i), test_frame(i + 1));
    CHECK_EQ(right.stats().rx_too_long, uint64_t{big});
    CHECK_EQ(right.stats().rx_kernel_drops, 0u);
  }
}

TEST("SNAPLEN cuts frames") {
  PrivateNetwork network;
  if (!CHECK(network.ready())) return;
  Opened right("right", "DIRECTION=rx SNAPLEN=100");
  FrameSocket left("left");
  CHECK(left.send(test_frame(1, 1000)));
  if (!CHECK(right.receive(1))) return;
  CHECK_EQ(right.text(0), test_frame(1, 1000).substr(0, 100));
}

TEST("frames stay in the ring while the pool has no packets") {
  PrivateNetwork network;
  if (!CHECK(network.ready())) return;
  Opened right("right", "DIRECTION=rx");
  FrameSocket left("left");
  const uint32_t all = right.shard.get()->free_count;
  right.shard.get()->free_count = 3;
  for (uint32_t i = 0; i < 10; ++i) CHECK(left.send(test_frame(i)));
  if (!CHECK(right.receive(3))) return;
  CHECK_EQ(right.device->receive(right.device, &right.batch, 10), 0u);
  CHECK(right.stats().rx_no_packet != 0);
  right.shard.get()->free_count = all - 3;
  if (!CHECK(right.receive(10))) return;
  for (uint32_t i = 0; i < 10; ++i) CHECK_EQ(right.text(i), test_frame(i));
}

TEST("a batch is sent in order and its packets go back to the pool") {
  PrivateNetwork network;
  if (!CHECK(network.ready())) return;
  Opened right("right", "DIRECTION=tx");
  FrameSocket left("left");
  CHECK_EQ(right.device->fd, -1);
  for (uint32_t i = 0; i < 256; ++i) right.batch.add(*right.shard.make(test_frame(i).data(), 60));
  CHECK_EQ(right.device->send(right.device, &right.batch), 256u);
  CHECK_EQ(right.batch.count, 0u);
  CHECK_EQ(right.shard.free_packets(), 4096u);
  for (uint32_t i = 0; i < 256; ++i) CHECK_EQ(left.receive(), test_frame(i));
  CHECK_EQ(right.stats().tx_packets, 256u);
  CHECK_EQ(right.stats().tx_bytes, 256u * 60);
}

TEST("a frame that the interface never takes is counted and does not hold up the others") {
  PrivateNetwork network;
  if (!CHECK(network.ready())) return;
  Opened right("right", "DIRECTION=tx");
  FrameSocket left("left");
  const std::string frames[] = {test_frame(1), test_frame(2, 1800), "short", test_frame(3)};
  for (const std::string& f : frames)
    right.batch.add(*right.shard.make(f.data(), static_cast<uint32_t>(f.size())));
  CHECK_EQ(right.device->send(right.device, &right.batch), 2u);
  CHECK_EQ(right.batch.count, 0u);
  CHECK_EQ(right.stats().tx_errors, 2u);
  CHECK_EQ(left.receive(), test_frame(1));
  CHECK_EQ(left.receive(), test_frame(3));
}

TEST("packets stay with the caller while the interface is down") {
  PrivateNetwork network;
  if (!CHECK(network.ready())) return;
  Opened right("right", "DIRECTION=tx");
  CHECK(network.ip("link set right down"));
  right.batch.add(*right.shard.make(test_frame(1).data(), 60));
  right.shard.advance(1'000'000'000);
  CHECK_EQ(right.device->send(right.device, &right.batch), 0u);
  CHECK_EQ(right.batch.count, 1u);
  CHECK_EQ(right.stats().link_up, 0u);
  CHECK(network.ip("link set right up"));
  FrameSocket left("left");
  CHECK_EQ(right.device->send(right.device, &right.batch), 1u);
  CHECK_EQ(left.receive(), test_frame(1));
}

TEST("an interface that goes away and comes back is taken up again") {
  PrivateNetwork network;
  if (!CHECK(network.ready())) return;
  Opened right("right", "");
  const int fd = right.device->fd;
  CHECK(network.ip("link del right"));
  right.shard.advance(1'000'000'000);
  CHECK_EQ(right.device->receive(right.device, &right.batch, 1), 0u);
  CHECK_EQ(right.stats().link_up, 0u);
  CHECK(network.add_pair());
  right.shard.advance(1'000'000'000);
  CHECK_EQ(right.device->receive(right.device, &right.batch, 1), 0u);
  CHECK_EQ(right.device->fd, fd);
  CHECK_EQ(right.stats().link_up, 1u);
  CHECK_EQ(right.stats().link_changes, 2u);
  FrameSocket left("left");
  CHECK(left.send(test_frame(7)));
  if (!CHECK(right.receive(1))) return;
  CHECK_EQ(right.text(0), test_frame(7));
  CHECK_EQ(right.device->send(right.device, &right.batch), 1u);
  CHECK_EQ(left.receive(), test_frame(7));
}

TEST("both shards take up an interface that comes back, each its own flows") {
  PrivateNetwork network;
  if (!CHECK(network.ready())) return;
  FakeShard shards[2] = {FakeShard(512, 0, 2), FakeShard(512, 1, 2)};
  hc_device* devices[2];
  char error[HC_ERROR_SIZE] = "";
  Batch batch;
  batch.count = 0;
  for (int i = 0; i < 2; ++i) {
    devices[i] = open_device(shards[i].get(), "af_packet", "right", "DIRECTION=rx", error);
    if (!CHECK(devices[i] != nullptr)) return;
    devices[i]->receive(devices[i], &batch, 1);
  }
  CHECK(network.ip("link del right") && network.add_pair());
  for (int i = 0; i < 2; ++i) {
    shards[i].advance(1'000'000'000);
    devices[i]->receive(devices[i], &batch, 1);
    devices[i]->receive(devices[i], &batch, 1);
  }
  FrameSocket left("left");
  uint32_t want[2] = {}, have[2] = {};
  for (uint8_t port = 0; port < 100; ++port) {
    uint8_t ip[28] = {0x45, 0, 0, 28, 0, 0, 0, 0, 64, protocol_udp, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 0, port};
    ++want[shard_of_packet(ether_ipv4, ip, sizeof(ip), 2)];
    CHECK(left.send(addresses + std::string("\x08\0", 2) +
                    std::string(reinterpret_cast<char*>(ip), sizeof(ip))));
  }
  for (int i = 0; i < 2; ++i) {
    pollfd wait = {devices[i]->fd, POLLIN, 0};
    while (have[i] < want[i] && poll(&wait, 1, 1000) > 0) {
      have[i] += devices[i]->receive(devices[i], &batch, 256);
      shards[i].release(batch);
    }
    CHECK_EQ(have[i], want[i]);
    devices[i]->close(devices[i]);
  }
  CHECK(want[0] > 20 && want[1] > 20);
}

TEST("what cannot be opened says why") {
  PrivateNetwork network;
  if (!CHECK(network.ready())) return;
  FakeShard shard;
  char error[HC_ERROR_SIZE] = "";
  CHECK(open_device(shard.get(), "af_packet", "nothere", "", error) == nullptr);
  CHECK_EQ(std::string(error), "there is no interface 'nothere'");
  CHECK(open_device(shard.get(), "af_packet", "a-name-longer-than-an-interface", "", error) == nullptr);
  CHECK(open_device(shard.get(), "af_packet", "right", "COLOUR=red", error) == nullptr);
  CHECK_EQ(std::string(error), "unknown device option 'COLOUR=red'");
  CHECK(open_device(shard.get(), "af_packet", "right", "RING=0", error) == nullptr);
  CHECK(open_device(shard.get(), "af_packet", "right", "BLOCK=5", error) == nullptr);
  CHECK(open_device(shard.get(), "carrier-pigeon", "right", "", error) == nullptr);
  CHECK_EQ(shard.free_packets(), 4096u);
}

TEST("an interface's addresses are found by name") {
  PrivateNetwork network;
  if (!CHECK(network.ready())) return;
  CHECK(network.ip("addr add 10.9.8.7/24 dev right && ip link set right address 02:11:22:33:44:55"));
  uint8_t mac[6];
  uint32_t ip4 = 0;
  CHECK_EQ(interface_address("right", mac, &ip4), 0);
  CHECK_EQ(mac[0], 2);
  CHECK_EQ(mac[5], 0x55);
  CHECK_EQ(ip4, net32(0x0A090807));
  CHECK_EQ(interface_address("left", mac, &ip4), 0);
  CHECK_EQ(ip4, 0u);
  CHECK(interface_address("nothere", mac, &ip4) != 0);
}
