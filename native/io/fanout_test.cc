#include "fanout.hh"

#include <poll.h>

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "../test/fake_shard.hh"
#include "../test/private_network.hh"
#include "../test/unit.hpp"
#include "devices.hh"

using namespace hotclick;
using namespace hotclick::io;

namespace {

const std::string link_header("\x02\0\0\0\0\x01\x02\0\0\0\0\x02", 12);

std::string big_endian16(uint16_t v) {
  return {static_cast<char>(v >> 8), static_cast<char>(v)};
}

std::string random_bytes(unit::Random& random, size_t n) {
  std::string bytes(n, '\0');
  for (char& c : bytes) c = static_cast<char>(random.below(256));
  return bytes;
}

/// An IP packet of any kind, half of them with nothing strange, some cut short.
std::string random_packet(unit::Random& random, uint16_t& ether_type) {
  static const uint8_t protocols[] = {protocol_tcp, protocol_udp, protocol_udp, protocol_icmp, 47};
  const uint32_t kind = random.below(10);
  ether_type = kind < 6 ? ether_ipv4 : kind < 9 ? ether_ipv6 : ether_arp;
  std::string packet = random_bytes(random, 48 + random.below(80));
  if (ether_type == ether_ipv4) {
    packet[0] = static_cast<char>(0x40 | (random.chance(70) ? 5 : random.below(16)));
    packet[9] = static_cast<char>(protocols[random.below(5)]);
    static const uint16_t fragments[] = {0, 0, 0x4000, 0x4000, 0x2000, 0x2010, 0x0010, 0x8000};
    const std::string fragment = big_endian16(fragments[random.below(8)]);
    packet.replace(6, 2, fragment);
  } else if (ether_type == ether_ipv6) {
    packet[0] = 0x60;
    packet[6] = static_cast<char>(protocols[random.below(5)]);
  }
  if (random.chance(15)) packet.resize(random.below(44));
  return packet;
}

uint32_t shard_of_frame(const Packet& p, uint32_t shards) {
  uint32_t at = 12;
  uint16_t type = static_cast<uint16_t>(p.data[at] << 8 | p.data[at + 1]);
  if (type == ether_vlan) {
    at += 4;
    type = static_cast<uint16_t>(p.data[at] << 8 | p.data[at + 1]);
  }
  at += 2;
  return shard_of_packet(type, p.data + at, p.length - at, shards);
}

/// Sends random frames into a pair of interfaces and has them spread by the kernel.
void compare_with_kernel(uint32_t shards) {
  PrivateNetwork network;
  if (!CHECK(network.ready())) return;
  std::vector<std::unique_ptr<FakeShard>> fakes;
  std::vector<hc_device*> devices;
  char error[HC_ERROR_SIZE] = "";
  // The last shard opens first: the place in the group must not depend on it.
  for (uint32_t i = 0; i < shards; ++i) fakes.push_back(std::make_unique<FakeShard>(4096, i, shards));
  devices.resize(shards);
  for (uint32_t i = shards; i-- > 0;) {
    devices[i] = open_device(fakes[i]->get(), "af_packet", "right", "DIRECTION=rx", error);
    if (!CHECK(devices[i] != nullptr)) {
      unit::fail(__FILE__, __LINE__, error);
      return;
    }
  }
  Batch batch;
  batch.count = 0;
  for (hc_device* d : devices) d->receive(d, &batch, 1);  // the first call starts the socket
  CHECK_EQ(batch.count, 0u);

  FrameSocket sender("left");
  unit::Random random{unit::seed()};
  const uint32_t total = 2000;
  for (uint32_t i = 0; i < total; ++i) {
    uint16_t type = 0;
    const std::string packet = random_packet(random, type);
    // The kernel throws tagged frames of less than two further bytes away.
    const std::string tag =
        packet.size() >= 2 && random.chance(10) ? big_endian16(ether_vlan) + big_endian16(7) : "";
    CHECK(sender.send(link_header + tag + big_endian16(type) + packet));
  }
  uint32_t received = 0, wrong = 0, busy_shards = 0;
  for (uint32_t i = 0; i < shards; ++i) {
    const uint32_t before = received;
    for (;;) {
      batch.count = 0;
      if (devices[i]->receive(devices[i], &batch, 256) == 0) {
        pollfd wait = {devices[i]->fd, POLLIN, 0};
        if (poll(&wait, 1, received == total ? 0 : 50) == 0) break;
        continue;
      }
      for (Packet& p : batch) {
        if (memcmp(p.data, link_header.data(), 12) != 0) continue;  // not ours
        ++received;
        if (shard_of_frame(p, shards) != i) ++wrong;
      }
      fakes[i]->release(batch);
    }
    if (received > before + total / shards / 4) ++busy_shards;
    devices[i]->close(devices[i]);
  }
  CHECK_EQ(received, total);
  CHECK_EQ(wrong, 0u);
  CHECK_EQ(busy_shards, shards);
}

}  // namespace

TEST("both directions of a connection give one shard") {
  unit::Random random{unit::seed()};
  for (int i = 0; i < 10000; ++i) {
    const auto a = static_cast<uint32_t>(random.next()), b = static_cast<uint32_t>(random.next());
    const auto p = static_cast<uint16_t>(random.next()), q = static_cast<uint16_t>(random.next());
    const uint32_t shards = 1 + random.below(16);
    if (!CHECK_EQ(shard_of(a, b, p, q, protocol_tcp, shards), shard_of(b, a, q, p, protocol_tcp, shards)))
      return;
    const std::string x = random_bytes(random, 16), y = random_bytes(random, 16);
    const auto* s = reinterpret_cast<const uint8_t*>(x.data());
    const auto* d = reinterpret_cast<const uint8_t*>(y.data());
    if (!CHECK_EQ(shard_of6(s, d, p, q, protocol_udp, shards), shard_of6(d, s, q, p, protocol_udp, shards)))
      return;
  }
}

TEST("ports count for TCP and UDP only") {
  CHECK_EQ(shard_of(1, 2, 3, 4, protocol_icmp, 1000), shard_of(1, 2, 5, 6, protocol_icmp, 1000));
  CHECK(shard_of(1, 2, 3, 4, protocol_udp, 1000) != shard_of(1, 2, 5, 6, protocol_udp, 1000));
}

TEST("connections between addresses that count up in step are spread evenly") {
  uint32_t counts[8] = {};
  for (uint32_t i = 0; i < 8000; ++i) {
    ++counts[shard_of(net32(0x0A000000 + i), net32(0x0A010000 + i), net16(1024), net16(80), protocol_tcp, 8)];
  }
  for (uint32_t count : counts) CHECK(count > 800 && count < 1200);
  uint32_t by_port[2] = {};
  for (uint16_t i = 0; i < 1000; ++i) {
    ++by_port[shard_of(net32(0x0A010002), net32(0x0A020002), net16(static_cast<uint16_t>(20000 + i)),
                       net16(9000), protocol_udp, 2)];
  }
  CHECK(by_port[0] > 400 && by_port[1] > 400);
}

TEST("all that is not IP, and IP cut short, goes to shard 0") {
  const uint8_t zeros[64] = {0x45};
  CHECK_EQ(shard_of_packet(ether_arp, zeros, sizeof(zeros), 7), 0u);
  for (uint32_t n = 0; n < 20; ++n) CHECK_EQ(shard_of_packet(ether_ipv4, zeros, n, 7), 0u);
  for (uint32_t n = 0; n < 40; ++n) CHECK_EQ(shard_of_packet(ether_ipv6, zeros, n, 7), 0u);
}

TEST("shard_of agrees with shard_of_packet") {
  uint8_t packet[24] = {0x45};
  packet[9] = protocol_tcp;
  for (int i = 12; i < 24; ++i) packet[i] = static_cast<uint8_t>(i * 37);
  uint32_t source, destination;
  uint16_t ports[2];
  memcpy(&source, packet + 12, 4);
  memcpy(&destination, packet + 16, 4);
  memcpy(ports, packet + 20, 4);
  CHECK_EQ(shard_of(source, destination, ports[0], ports[1], protocol_tcp, 1009),
           shard_of_packet(ether_ipv4, packet, sizeof(packet), 1009));
  packet[6] = 0x20;  // more fragments
  CHECK_EQ(shard_of(source, destination, 0, 0, protocol_tcp, 1009),
           shard_of_packet(ether_ipv4, packet, sizeof(packet), 1009));
}

TEST("the kernel's program spreads packets over two sockets as the C++ function says") {
  compare_with_kernel(2);
}
TEST("the kernel's program spreads packets over four sockets as the C++ function says") {
  compare_with_kernel(4);
}
