#include <hotclick/element.hpp>

#include "mark_ip.hpp"
#include "open_interface.hpp"
using namespace hotclick;

struct Counts {
  uint64_t packets = 0, bytes = 0;
};
constexpr auto counts_v1 = schema<Counts>(1, HC_COUNT(Counts, packets), HC_COUNT(Counts, bytes));

struct FromDevice : Element {
  String name{};
  bool sniffer = true, promisc = false, outbound = false, timestamp = true, force_ip = false, active = true;
  uint32_t snaplen = 0, burst = 256, headroom = HC_HEADROOM, ring = 0, block = 0, ring_version = 0;
  Duration timeout{};
  String method{"", 0, 0};

  State<Counts> counts;
  hc_device* device = nullptr;
  hc_device_stats seen = {};
  Batch batch;

  enum : uint32_t { not_ip };

  bool configure(Arguments& arguments) {
    auto is = [this](const char* word) {
      return method.length == strlen(word) && !memcmp(method.data, word, method.length);
    };
    if (method.length != 0 && !is("LINUX") && !is("PCAP") && !is("AF_PACKET") && !is("DEFAULT")) {
      return arguments.fail("METHOD %.*s is not available, packets are read by AF_PACKET",
                            static_cast<int>(method.length), method.data);
    }
    if (burst == 0 || burst > HC_BATCH_CAPACITY)
      return arguments.fail("BURST must be from 1 to %u", HC_BATCH_CAPACITY);
    if (headroom > HC_HEADROOM) return arguments.fail("HEADROOM must be at most %u", HC_HEADROOM);
    if (ring_version != 0 && ring_version != 2 && ring_version != 3)
      return arguments.fail("RING_VERSION must be 2 or 3");
    return true;
  }

  bool initialize(Error& error) {
    char text[256], path[64];
    hc_text options{text, 0, sizeof(text), 0, 0}, interface { path, 0, sizeof(path), 0, 0 };
    const hc_host* host = self->host;
    host->append(&options, "DIRECTION=rx PROMISC=%d OUTBOUND=%d SNAPLEN=%u", promisc, outbound, snaplen);
    if (ring) host->append(&options, " RING=%u", ring);
    if (ring_version) host->append(&options, " VERSION=%u", ring_version);
    if (block) host->append(&options, " BLOCK=%u", block);
    if (timeout.ns)
      host->append(&options, " TIMEOUT=%u", static_cast<uint32_t>((timeout.ns + 999'999) / 1'000'000));
    host->append(&interface, "%.*s", static_cast<int>(name.length), name.data);
    if (interface.overflow)
      return error.fail("'%.*s' is not the name of an interface", static_cast<int>(name.length), name.data);
    device = open_interface(self, "af_packet", path, text, error);
    return device != nullptr;
  }

  void start(bool) {
    device->read_stats(device, &seen);
    set_timer(0, now() + 1'000'000'000);
    if (!sniffer) {
      self->host->log(
          self, "SNIFFER false has no effect: take the addresses off %.*s so that the kernel does not answer",
          static_cast<int>(name.length), name.data);
    }
  }

  bool run() {
    if (HC_UNLIKELY(!active)) return false;
    const uint32_t n = device->receive(device, &batch, burst);
    if (n == 0) return false;
    uint64_t bytes = 0;
    for (Packet& p : batch) bytes += p.length;
    counts->packets += n;
    counts->bytes += bytes;
    if (HC_UNLIKELY(!timestamp)) {
      for (Packet& p : batch) p.timestamp = 0;
    }
    if (HC_UNLIKELY(force_ip)) keep_ip();
    output(0, batch);
    return true;
  }

  void keep_ip() {
    uint32_t kept = 0;
    for (Packet& p : batch) {
      if (mark_ip_in_ethernet(p)) {
        batch.packets[kept++] = &p;
      } else {
        drop_now(not_ip, p);
      }
    }
    batch.count = kept;
  }

  /// Once a second: says what a user has to know about the interface.
  void timer(uint32_t) {
    set_timer(0, now() + 1'000'000'000);
    hc_device_stats stats;
    device->read_stats(device, &stats);
    const int length = static_cast<int>(name.length);
    if (stats.link_changes != seen.link_changes) {
      self->host->log(self, "%.*s: link is %s", length, name.data, stats.link_up ? "up" : "down");
    }
    if (stats.rx_checksum_missing && !seen.rx_checksum_missing) {
      self->host->log(self,
                      "%.*s: packets arrive without checksums; run `ethtool -K PEER tx off` at the sender",
                      length, name.data);
    }
    if (stats.rx_too_long && !seen.rx_too_long) {
      self->host->log(
          self,
          "%.*s: packets longer than %u bytes are dropped; run `ethtool -K %.*s gro off lro off` (and "
          "`tso off gso off` at the peer of a veth)",
          length, name.data, HC_BUFFER_SIZE - HC_HEADROOM, length, name.data);
    }
    seen = stats;
  }

  uint64_t packets() const { return counts->packets; }
  uint64_t bytes() const { return counts->bytes; }
  void reset() { *counts = {}; }
  hc_device_stats stats() const {
    hc_device_stats now_stats = {};
    device->read_stats(device, &now_stats);
    return now_stats;
  }
  uint64_t kernel_drops() const { return stats().rx_kernel_drops; }
  uint64_t freezes() const { return stats().rx_ring_freezes; }
  uint64_t too_long() const { return stats().rx_too_long; }
  uint64_t no_packet() const { return stats().rx_no_packet; }
  uint64_t checksum_missing() const { return stats().rx_checksum_missing; }
  uint64_t link_changes() const { return stats().link_changes; }
  void link(Text text) const { text.print("%s", stats().link_up ? "up" : "down"); }
  void encap(Text text) const { text.print("ETHER"); }
};

constexpr auto info =
    element<FromDevice>("FromDevice", "1.0.0")
        .help(
            "Reads packets from a network interface.\n\n"
            "Packets are read from a ring that the kernel fills (AF_PACKET) and pushed in bursts, Ethernet "
            "header first. "
            "The timestamp annotation is the kernel's time of arrival, the packet type annotation says whom "
            "the frame "
            "was for, and a VLAN tag that the kernel has taken off is put back. With several shards each "
            "reads its own "
            "flows: both directions of a connection come to one shard. When the interface goes down, or goes "
            "away and "
            "comes back, reading goes on by itself.\n\n"
            "    FromDevice(eth0, PROMISC true) -> Classifier(12/0800) -> ... -> ToDevice(eth1);\n\n"
            "The kernel handles the packets too, unless the interface has no address. Packets must fit a "
            "buffer and "
            "carry checksums: switch offloads off (`ethtool -K eth0 gro off lro off`; at the other end of a "
            "veth pair "
            "`tx off tso off gso off`).\n\n"
            "Differs from Click: no BPF_FILTER (use IPClassifier); SNIFFER false is accepted and only "
            "logged; METHOD is "
            "accepted and always AF_PACKET; SNAPLEN is unlimited unless given; BURST is 256; the keywords "
            "RING, "
            "RING_VERSION, BLOCK and TIMEOUT and the handlers about the interface are new.")
        .ports("0/1")
        .processing("h/h")
        .required<&FromDevice::name>("DEVNAME", "the interface")
        .positional<&FromDevice::promisc>("PROMISC", "true: take frames for every address")
        .positional<&FromDevice::snaplen>("SNAPLEN",
                                          "cut longer frames to this many bytes (0: keep them whole)")
        .argument<&FromDevice::sniffer>("SNIFFER", "accepted; the kernel sees the packets in any case")
        .argument<&FromDevice::force_ip>("FORCE_IP",
                                         "true: only IP packets, with their header annotations set")
        .argument<&FromDevice::method>("METHOD", "LINUX, PCAP or AF_PACKET, with no difference")
        .argument<&FromDevice::method>("CAPTURE", "the same")
        .argument<&FromDevice::outbound>("OUTBOUND", "true: also what this machine sends on the interface")
        .argument<&FromDevice::headroom>(
            "HEADROOM", "bytes in front of each frame, at most 128; there are always that many")
        .argument<&FromDevice::burst>("BURST", "most packets in one go, 1 to 256")
        .argument<&FromDevice::timestamp>("TIMESTAMP", "false: leave the timestamp annotation empty")
        .argument<&FromDevice::active>("ACTIVE", "false: read nothing until the handler is written")
        .argument<&FromDevice::ring>("RING", "memory of the ring in MiB for each shard")
        .argument<&FromDevice::ring_version>("RING_VERSION", "2: frame by frame, 3: block by block")
        .argument<&FromDevice::block>("BLOCK", "size of a block in KiB, a power of two (version 3)")
        .argument<&FromDevice::timeout>("TIMEOUT",
                                        "longest wait for a full block, whole milliseconds (version 3)")
        .state<&FromDevice::counts>("counts", counts_v1, "packets and bytes read so far")
        .read<&FromDevice::packets>("count", merge::sum, "packets read since the start or the last reset")
        .read<&FromDevice::bytes>("byte_count", merge::sum, "bytes read since the start or the last reset")
        .write<&FromDevice::reset>("reset_counts", "sets count and byte_count to zero")
        .read<&FromDevice::active>("active", merge::same, "true while packets are read")
        .write<&FromDevice::active>("active", "starts or stops reading")
        .read<&FromDevice::kernel_drops>("kernel_drops", merge::sum, "packets for which the ring had no room")
        .read<&FromDevice::freezes>("ring_freezes", merge::sum, "times that the ring was full (version 3)")
        .read<&FromDevice::too_long>("too_long", merge::sum, "packets longer than a packet buffer, dropped")
        .read<&FromDevice::no_packet>("no_packet", merge::sum,
                                      "times that no packet was free and reading had to wait")
        .read<&FromDevice::checksum_missing>("checksum_missing", merge::sum,
                                             "packets whose sender left the checksum out")
        .read<&FromDevice::link>("link", merge::same, "up or down")
        .read<&FromDevice::link_changes>("link_changes", merge::max, "changes of link seen")
        .read<&FromDevice::encap>("encap", merge::same, "kind of link header, ETHER")
        .read<&FromDevice::name>("device", merge::same, "the interface")
        .drop("not IP", "not an IP packet while FORCE_IP is true");
HOTCLICK_EXPORT(info)
