/// An interface of the kernel whose other end is an element: what KernelTun and KernelTap have in common.
#pragma once
#include <hotclick/element.hpp>

#include "mark_ip.hpp"
#include "open_interface.hpp"

namespace hotclick {

struct Counts {
  uint64_t received = 0, sent = 0;
};
constexpr auto counts_v1 = schema<Counts>(1, HC_COUNT(Counts, received), HC_COUNT(Counts, sent));

/// `tap`: frames have an Ethernet header; otherwise they are IP packets.
template <bool tap>
struct KernelInterface : Element {
  Ipv4Prefix address{};
  Ipv4Address gateway{};
  EtherAddress ether{};  // zeros: the kernel chooses
  String name{tap ? "tap0" : "tun0", 4, 0};
  uint32_t headroom = 28, mtu = 1500, burst = 64;
  bool ignore_overflows = false, pulled = false;

  State<Counts> counts;
  PacketQueue unsent{1024};
  hc_device* device = nullptr;
  Batch batch;

  enum : uint32_t { not_ip, device_busy, not_sendable, shard_busy };
  /// Not a port of the graph: packets that another shard hands over on their way to output 0.
  static constexpr uint32_t from_other_shard = 1;

  bool configure(Arguments& arguments) {
    if (headroom > HC_HEADROOM) return arguments.fail("HEADROOM must be at most %u", HC_HEADROOM);
    if (burst == 0 || burst > HC_BATCH_CAPACITY)
      return arguments.fail("BURST must be from 1 to %u", HC_BATCH_CAPACITY);
    return true;
  }

  bool initialize(Error& error) {
    char text[128], interface[64];
    hc_text options{text, 0, sizeof(text), 0, 0}, file{interface, 0, sizeof(interface), 0, 0};
    const hc_host* host = self->host;
    const auto* a = reinterpret_cast<const uint8_t*>(&address.address);
    const auto* g = reinterpret_cast<const uint8_t*>(&gateway.value);
    host->append(&options, "MTU=%u ADDRESS=%u.%u.%u.%u/%d", mtu, a[0], a[1], a[2], a[3],
                 __builtin_popcount(address.mask));
    if (gateway.value != 0) host->append(&options, " GATEWAY=%u.%u.%u.%u", g[0], g[1], g[2], g[3]);
    if (has_ether()) {
      const uint8_t* e = ether.bytes;
      host->append(&options, " ETHER=%02x:%02x:%02x:%02x:%02x:%02x", e[0], e[1], e[2], e[3], e[4], e[5]);
    }
    host->append(&file, "%.*s", static_cast<int>(name.length), name.data);
    if (file.overflow)
      return error.fail("'%.*s' is not the name of an interface", static_cast<int>(name.length), name.data);
    device = open_interface(self, tap ? "tap" : "tun", interface, text, error);
    return device != nullptr;
  }

  void start(bool) { pulled = ninputs() != 0 && input_is_pull(0); }

  /// To the kernel.
  void push(uint32_t port, Batch& in) {
    if (port == from_other_shard) return output(0, in);
    const uint32_t taken = unsent.put(in.packets, in.count);
    if (taken < in.count) drop_now(device_busy, in.packets + taken, in.count - taken);
    in.count = 0;
    send_waiting();
  }

  bool run() {
    bool worked = receive();
    if (!unsent.empty()) worked |= send_waiting();
    if (pulled && unsent.empty()) {
      batch.count = 0;
      const uint32_t n = input(0, batch, burst);
      unsent.put(batch.packets, n);  // it was empty and holds more than a batch
      if (n != 0) worked |= send_waiting();
    }
    return worked;
  }

  /// From the kernel. It chooses the queue, and so the shard, in its own way: packets of other shards go
  /// there.
  bool receive() {
    batch.count = 0;
    const uint32_t n = device->receive(device, &batch, burst);
    if (n == 0) return false;
    counts->received += n;
    uint32_t kept = 0;
    Batch other;
    other.count = 0;
    for (Packet& p : batch) {
      const bool ip = mark_ip(p);
      if (!tap && !ip) {
        other.add(p);
        continue;
      }
      const uint32_t home = ip ? home_of(p) : shard()->index;
      if (home == shard()->index) {
        batch.packets[kept++] = &p;
      } else if (self->host->hand_over(self, home, from_other_shard, &p) == 0) {
        drop_now(shard_busy, p);
      }
    }
    batch.count = kept;
    output(0, batch);
    if (other.count == 0) return true;
    if (noutputs() > 1) {
      output(1, other);
    } else {
      drop_now(not_ip, other);
    }
    return true;
  }

  static bool mark_ip(Packet& p) {
    if constexpr (tap) return mark_ip_in_ethernet(p);
    return mark_ip_at(p, 0);
  }
  bool has_ether() const {
    for (const uint8_t byte : ether.bytes) {
      if (byte != 0) return true;
    }
    return false;
  }

  uint32_t home_of(Packet& p) {
    if (shard()->count < 2 || (*p.network() >> 4) != 4) return shard()->index;
    const auto& ip = *reinterpret_cast<const Ipv4Header*>(p.network());
    uint16_t ports[2] = {0, 0};
    if (!ip.is_fragment() && p.transport_length() >= sizeof(ports))
      memcpy(ports, p.transport(), sizeof(ports));
    return self->host->shard_of(ip.source, ip.destination, ports[0], ports[1], ip.protocol, shard()->count);
  }

  bool send_waiting() {
    bool worked = false;
    ScratchBatches scratch(shard(), 1);
    if (!scratch.ok()) return false;
    Batch& out = scratch[0];
    while (!unsent.empty()) {
      out.count = 0;
      // Taken out first: when the process is killed while it sends, nobody sends them again.
      const uint32_t offered = unsent.take(out, HC_BATCH_CAPACITY);
      const uint32_t sent = device->send(device, &out);
      const uint32_t gone = offered - out.count;
      unsent.take_back(out.count);
      counts->sent += sent;
      self->drops[not_sendable] += gone - sent;  // the device has given them back
      worked |= gone != 0;
      if (gone == 0) break;
    }
    return worked;
  }

  uint64_t received() const { return counts->received; }
  uint64_t sent() const { return counts->sent; }
  uint32_t waiting() const { return unsent.size(); }
  void reset() { *counts = {}; }
};

/// What both classes declare; `info` has their name and help.
template <class T, class Info>
constexpr auto declare_kernel_interface(Info info) {
  return info.ports("0-1/1-2")
      .processing("a/h")
      .flow("x/y")
      .template required<&T::address>("ADDR", "address and prefix of the interface, 10.0.0.1/24")
      .template positional<&T::gateway>("GATEWAY", "make a default route through this address")
      .template argument<&T::name>("DEVNAME", "name of the interface")
      .template argument<&T::name>("DEV_NAME", "the same")
      .template argument<&T::headroom>(
          "HEADROOM", "bytes in front of each packet, at most 128; there are always that many")
      .template argument<&T::mtu>("MTU", "longest IP packet")
      .template argument<&T::burst>("BURST", "most packets in one go, 1 to 256")
      .template argument<&T::ignore_overflows>("IGNORE_QUEUE_OVERFLOWS",
                                               "accepted; overflows are counted, not printed")
      .template state<&T::counts>("counts", counts_v1, "packets from and to the kernel so far")
      .template queue<&T::unsent>("unsent", "packets that wait for the kernel")
      .template read<&T::received>("count", merge::sum,
                                   "packets from the kernel since the start or the last reset")
      .template read<&T::sent>("sent", merge::sum,
                               "packets given to the kernel since the start or the last reset")
      .template write<&T::reset>("reset_counts", "sets count and sent to zero")
      .template read<&T::waiting>("length", merge::sum, "packets that wait for the kernel")
      .template read<&T::name>("dev_name", merge::same, "name of the interface")
      .drop("not IP", "neither IPv4 nor IPv6, and there is no output 1")
      .drop("device busy", "the kernel took no packets and the queue was full")
      .drop("not sendable", "the kernel refused the packet")
      .drop("shard busy", "the ring to the shard of the connection was full");
}

}  // namespace hotclick
