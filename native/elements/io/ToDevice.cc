#include <hotclick/element.hpp>

#include "open_interface.hpp"
using namespace hotclick;

struct Counts {
  uint64_t packets = 0, bytes = 0;
};
constexpr auto counts_v1 = schema<Counts>(1, HC_COUNT(Counts, packets), HC_COUNT(Counts, bytes));

/// Wait before the next try when the interface took nothing.
constexpr uint64_t retry_ns = 100'000;

struct ToDevice : Element {
  String name{};
  uint32_t burst = 64, queue = 1024;
  bool debug = false, ignore_overflows = false, bypass = true;
  String method{"", 0, 0};

  State<Counts> counts;
  PacketQueue unsent{1024};
  hc_device* device = nullptr;
  uint64_t retry_at = 0;
  bool pulled = false;
  Batch batch;

  enum : uint32_t { device_busy, not_sendable };

  bool configure(Arguments& arguments) {
    auto is = [this](const char* word) {
      return method.length == strlen(word) && !memcmp(method.data, word, method.length);
    };
    if (method.length != 0 && !is("LINUX") && !is("PCAP") && !is("AF_PACKET") && !is("DEFAULT")) {
      return arguments.fail("METHOD %.*s is not available, packets are sent by AF_PACKET",
                            static_cast<int>(method.length), method.data);
    }
    if (burst == 0 || burst > HC_BATCH_CAPACITY)
      return arguments.fail("BURST must be from 1 to %u", HC_BATCH_CAPACITY);
    if (queue < burst) return arguments.fail("QUEUE must be at least BURST");
    unsent.capacity = queue;
    return true;
  }

  bool initialize(Error& error) {
    char text[64], path[64];
    hc_text options{text, 0, sizeof(text), 0, 0}, interface { path, 0, sizeof(path), 0, 0 };
    self->host->append(&options, "DIRECTION=tx BYPASS=%d", bypass);
    self->host->append(&interface, "%.*s", static_cast<int>(name.length), name.data);
    if (interface.overflow)
      return error.fail("'%.*s' is not the name of an interface", static_cast<int>(name.length), name.data);
    device = open_interface(self, "af_packet", path, text, error);
    return device != nullptr;
  }

  void start(bool) { pulled = input_is_pull(0); }

  /// Packets wait in the queue until a burst is there or the task comes round: one system call sends many.
  void push(uint32_t, Batch& in) {
    const uint32_t taken = unsent.put(in.packets, in.count);
    if (HC_UNLIKELY(taken < in.count)) {
      send_waiting();
      const uint32_t rest = unsent.put(in.packets + taken, in.count - taken) + taken;
      if (rest < in.count) drop_now(device_busy, in.packets + rest, in.count - rest);
    }
    in.count = 0;
    if (unsent.size() >= burst) send_waiting();
  }

  bool run() {
    bool worked = send_waiting();
    if (pulled && unsent.empty()) {
      batch.count = 0;
      const uint32_t n = input(0, batch, burst);
      if (n != 0) {
        unsent.put(batch.packets, n);  // it was empty and holds at least a burst
        send_waiting();
        worked = true;
      }
    }
    return worked;
  }

  /// Woken to try again.
  void timer(uint32_t) { send_waiting(); }

  /// Sends from the queue until it is empty or the interface takes no more; false when nothing could be sent.
  bool send_waiting() {
    if (unsent.empty() || now() < retry_at) return false;
    bool worked = false;
    const uint64_t bytes_before = stats().tx_bytes;
    while (!unsent.empty()) {
      batch.count = 0;
      // Taken out first: when the process is killed while it sends, nobody sends them again.
      const uint32_t offered = unsent.take(batch, HC_BATCH_CAPACITY);
      const uint32_t sent = device->send(device, &batch);
      const uint32_t gone = offered - batch.count;
      unsent.take_back(batch.count);
      counts->packets += sent;
      self->drops[not_sendable] += gone - sent;  // the device has given them back
      worked |= gone != 0;
      if (batch.count != 0) {
        retry_at = now() + retry_ns;
        set_timer(0, retry_at);
        break;
      }
    }
    batch.count = 0;
    counts->bytes += stats().tx_bytes - bytes_before;
    return worked;
  }

  uint64_t packets() const { return counts->packets; }
  uint64_t bytes() const { return counts->bytes; }
  void reset() { *counts = {}; }
  uint32_t waiting() const { return unsent.size(); }
  uint64_t busy() const { return self->drops[device_busy] + self->drops[not_sendable]; }
  hc_device_stats stats() const {
    hc_device_stats now_stats = {};
    device->read_stats(device, &now_stats);
    return now_stats;
  }
  uint64_t errors() const { return stats().tx_errors; }
  void link(Text text) const { text.print("%s", stats().link_up ? "up" : "down"); }
};

constexpr auto info =
    element<ToDevice>("ToDevice", "1.0.0")
        .help(
            "Sends packets to a network interface.\n\n"
            "Packets must start with their Ethernet header. The input may be push or pull. Many packets are "
            "sent with one "
            "system call, past the kernel's queueing discipline. What the interface does not take at once "
            "waits in a "
            "queue of limited length, in order, also over an upgrade.\n\n"
            "    FromDevice(eth0) -> ... -> q :: Queue -> ToDevice(eth1);\n\n"
            "Differs from Click: the input may be push without a Queue; there are no outputs for packets "
            "that failed, "
            "they are counted; METHOD is accepted and always AF_PACKET; QUEUE and BYPASS are new.")
        .ports("1/0")
        .processing("a/a")
        .required<&ToDevice::name>("DEVNAME", "the interface")
        .argument<&ToDevice::burst>("BURST", "packets to send in one go, 1 to 256")
        .argument<&ToDevice::method>("METHOD", "LINUX, PCAP or AF_PACKET, with no difference")
        .argument<&ToDevice::debug>("DEBUG", "accepted, without effect")
        .argument<&ToDevice::ignore_overflows>("IGNORE_QUEUE_OVERFLOWS",
                                               "accepted; overflows are counted, not printed")
        .argument<&ToDevice::bypass>(
            "BYPASS", "false: through the queueing discipline, and seen by tcpdump on the interface")
        .argument<&ToDevice::queue>("QUEUE", "packets that may wait for the interface")
        .state<&ToDevice::counts>("counts", counts_v1, "packets and bytes sent so far")
        .queue<&ToDevice::unsent>("unsent", "packets that wait for the interface")
        .read<&ToDevice::packets>("count", merge::sum, "packets sent since the start or the last reset")
        .read<&ToDevice::bytes>("byte_count", merge::sum, "bytes sent since the start or the last reset")
        .write<&ToDevice::reset>("reset_counts", "sets count and byte_count to zero")
        .read<&ToDevice::waiting>("length", merge::sum, "packets that wait for the interface")
        .read<&ToDevice::busy>("drops", merge::sum,
                               "packets dropped: the queue was full, or they could not be sent")
        .read<&ToDevice::errors>("errors", merge::sum,
                                 "packets that the interface refused (too long, too short)")
        .read<&ToDevice::link>("link", merge::same, "up or down")
        .read<&ToDevice::name>("device", merge::same, "the interface")
        .drop("device busy", "the interface took no packets and the queue was full")
        .drop("not sendable", "longer than the interface allows, or shorter than an Ethernet header");
HOTCLICK_EXPORT(info)
