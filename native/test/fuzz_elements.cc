/// Fuzz target: every element that reads packets, in the real core. The input's first byte chooses the
/// element, then come packets: length (2 bytes), input port, where the headers are said to be, and the bytes.
/// Memory behind each packet is poisoned, so a read past its end is found even inside the packet's buffer.
///
/// Element libraries built with -fsanitize=address come from the directory in HC_FUZZ_ELEMENTS.
/// scripts/sanitizer-tests.sh builds all of it; with -DHC_FUZZ_MAIN it drives itself: ./fuzz_elements
/// [inputs] [seed]
#include <sanitizer/asan_interface.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <hotclick/batch.hpp>
#include <hotclick/net.hpp>
#include <string>
#include <vector>

#include "../core/engine_core.hh"
#include "../core/swap.hh"

using namespace hotclick;
using namespace hotclick::core;

namespace {

struct Subject {
  const char* class_name;
  std::vector<std::string> arguments;
  uint32_t inputs, outputs;
};
const std::vector<Subject> subjects = {
    {"EtherMirror", {}, 1, 1},
    {"EtherEncap", {"0x0800", "2:0:0:0:0:1", "2:0:0:0:0:2"}, 1, 1},
    {"HostEtherFilter", {"2:0:0:0:0:1"}, 1, 2},
    {"DropBroadcasts", {}, 1, 1},
    {"ARPResponder", {"10.0.0.0/8 2:0:0:0:0:1"}, 1, 2},
    {"ARPQuerier", {"10.0.0.1", "2:0:0:0:0:1"}, 2, 1},
    {"Classifier", {"12/0806 20/0001", "12/0800", "-"}, 1, 3},
    {"IPClassifier", {"tcp dst port 80 and syn", "icmp type echo", "udp", "ip frag", "-"}, 1, 5},
    {"IPFilter", {"deny tcp opt syn and src port 1-1000", "allow ip ttl > 3", "deny all"}, 1, 1},
    {"CheckIPHeader", {"OFFSET 14"}, 1, 2},
    {"CheckIPHeader", {}, 1, 1},
    {"MarkIPHeader", {"14"}, 1, 1},
    {"DecIPTTL", {}, 1, 2},
    {"GetIPAddress", {"16"}, 1, 1},
    {"FixIPSrc", {"10.0.0.1"}, 1, 1},
    {"ICMPPingResponder", {}, 1, 2},
    {"ICMPError", {"10.0.0.1", "timeexceeded"}, 1, 1},
    {"ICMPError", {"10.0.0.1", "redirect", "host"}, 1, 1},
    {"IPFragmenter", {"100"}, 1, 2},
    {"StaticIPLookup", {"10.0.0.0/8 0", "0.0.0.0/0 1.2.3.4 1"}, 1, 2},
    {"RadixIPLookup", {"10.0.0.0/8 0", "0.0.0.0/0 1.2.3.4 1"}, 1, 2},
    {"IPRewriter", {"pattern 10.0.0.9 1024-65535 - - 0 1", "drop"}, 2, 2},
    {"Firewall", {"allow tcp", "allow udp", "allow icmp"}, 2, 2},
    {"Strip", {"14"}, 1, 1},
    {"Unstrip", {"14"}, 1, 1},
    {"HashSwitch", {"26", "8"}, 1, 4},
    {"IPPrint", {"x"}, 1, 1},
    {"Print", {"x", "40"}, 1, 1},
    {"Tee", {}, 1, 2},
};

volatile uint32_t sink;  // keeps the reads

/// The engine that the target keeps: one shard, driven by hand; one graph with one element at a time.
class Bench {
 public:
  Bench() {
    auto* page = static_cast<uint8_t*>(std::aligned_alloc(4096, 4096));
    std::string error;
    engine_ = EngineCore::create(1, 4096, page, nullptr, error);
    if (!engine_) fatal(error);
    // A packet that an element drops may be allocated again before the push returns.
    host_ = *shard().face()->host;
    host_.trace_drop = [](hc_instance*, uint32_t, hc_packet* const* packets, uint32_t n) {
      for (uint32_t i = 0; i < n; ++i) unpoison(packets[i]);
    };
    shard().face()->host = &host_;
  }

  void use(size_t index) {
    if (index == index_) return;
    index_ = index;
    const Subject& s = subjects[index];
    const char* directory = std::getenv("HC_FUZZ_ELEMENTS");
    std::string error;
    NodePlan plan;
    plan.spec = {"element" + std::to_string(index), s.class_name, s.arguments, s.inputs, s.outputs, nullptr};
    plan.spec.version = ElementVersion::load(
        std::string(directory ? directory : "build/sanitizer/elements") + '/' + s.class_name + ".so", 1,
        error);
    if (!plan.spec.version) fatal(std::string(s.class_name) + ": " + error);
    GraphError failure;
    auto revision = engine_->prepare({plan}, {}, failure);
    if (!revision) fatal(std::string(s.class_name) + ": " + failure.message);
    SwapCommand swap(revision->graphs[0], SwapCommand::Strategy::swap);
    shard().post(swap);
    shard().run_commands_here();
    while (shard().take_finished()) {
    }
    engine_->settle(*revision);
    shard().face()->tracing = 1;
    edges_.assign(s.outputs + 1, {check_output, this, 0, 0});
    element().instance.outputs = edges_.data();
  }

  void push(uint32_t port, hc_batch& batch) {
    if (element().descriptor->push) element().descriptor->push(element().instance.object, port, &batch);
  }

  /// Time passes: timers, tasks and expiry get their turn; lines that were printed are thrown away.
  void settle() {
    std::string line;
    while (shard().take_line(line)) {
    }
    shard().face()->now += 50'000'000;
    shard().round();
    shard().fire_due_timers();
  }

  Shard& shard() { return engine_->shard(0); }
  uint32_t inputs() const { return subjects[index_].inputs; }

  static void unpoison(const hc_packet* p) { ASAN_UNPOISON_MEMORY_REGION(p->buffer, HC_BUFFER_SIZE); }

 private:
  Node& element() { return *shard().graph()->nodes()[0]; }
  [[noreturn]] static void fatal(const std::string& why) {
    std::fprintf(stderr, "fuzz_elements: %s\n", why.c_str());
    std::abort();
  }
  /// What leaves must lie inside its buffer, and all of it must be readable.
  static void check_output(void* self, uint32_t, hc_batch* batch) {
    for (uint32_t i = 0; i < batch->count; ++i) {
      const hc_packet* p = batch->packets[i];
      if (p->data < p->buffer || p->length > HC_BUFFER_SIZE ||
          p->data + p->length > p->buffer + HC_BUFFER_SIZE) {
        fatal("a packet left outside its buffer");
      }
      uint32_t sum = 0;
      for (uint32_t k = 0; k < p->length; ++k) sum += p->data[k];
      sink = sum;
      unpoison(p);
    }
    release_packets(static_cast<Bench*>(self)->shard().face(), batch->packets, batch->count);
    batch->count = 0;
  }

  hc_host host_ = {};
  std::unique_ptr<EngineCore> engine_;
  std::vector<hc_push_edge> edges_;
  size_t index_ = SIZE_MAX;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static auto* bench = new Bench();
  if (size < 1) return 0;
  bench->use(data[0] % subjects.size());
  const uint8_t* end = data + size;
  std::vector<const hc_packet*> used;
  for (const uint8_t* at = data + 1; end - at >= 4;) {
    const uint32_t wanted = (at[0] | at[1] << 8) % 1700u;
    const uint32_t port = at[2] % bench->inputs();
    const uint8_t headers = at[3];
    at += 4;
    const uint32_t length = wanted < static_cast<size_t>(end - at) ? wanted : static_cast<uint32_t>(end - at);
    Packet* p = allocate_packet(bench->shard().face());
    if (!p) break;
    Bench::unpoison(p);
    if (headers & 4) p->data = p->buffer + 16;  // hardly any headroom
    memcpy(p->data, at, length);
    at += length;
    p->length = length;
    p->set_mac(p->data);
    // As CheckIPHeader would say, or as nobody should.
    if (headers & 1) p->set_network(p->data + (headers & 2 ? 14 : 0));
    if (headers & 8) p->transport_offset = static_cast<uint16_t>(p->network_offset + 20);
    if (headers & 16) p->set_network(p->data + length);
    p->destination = net32(0x0A000000u | headers);
    ASAN_POISON_MEMORY_REGION(p->data + length, p->buffer + HC_BUFFER_SIZE - p->data - length);
    used.push_back(p);
    hc_batch batch;
    batch.count = 1;
    batch.packets[0] = p;
    bench->push(port, batch);
  }
  for (const hc_packet* p : used) Bench::unpoison(p);
  bench->settle();
  return 0;
}

#ifdef HC_FUZZ_MAIN
#include <ctime>

#include "unit.hpp"

namespace {

/// Something like a frame: Ethernet, IPv4 with sometimes wrong lengths and options, TCP, UDP, ICMP or ARP
/// behind it.
void add_packet(unit::Random& random, std::vector<uint8_t>& out) {
  std::vector<uint8_t> frame(random.chance(80) ? random.below(150) : random.below(1600));
  for (uint8_t& b : frame) b = static_cast<uint8_t>(random.chance(40) ? 0 : random.below(256));
  const uint32_t link = random.chance(60) ? 14 : 0;
  const bool arp = link && random.chance(20);
  if (link && frame.size() >= 14) {
    frame[12] = 8;
    frame[13] = arp ? 6 : 0;
  }
  if (arp && frame.size() >= 42) {
    static const uint8_t head[] = {0, 1, 8, 0, 6, 4, 0};
    memcpy(&frame[14], head, sizeof(head));
    frame[21] = static_cast<uint8_t>(1 + random.below(2));
    frame[28] = frame[38] = 10;
  } else if (frame.size() >= link + 20 && random.chance(90)) {
    uint8_t* ip = &frame[link];
    ip[0] = static_cast<uint8_t>(0x40 | (random.chance(70) ? 5 : random.below(16)));
    const uint32_t left = static_cast<uint32_t>(frame.size()) - link;
    const uint32_t total = random.chance(75) ? left : random.below(left + 50);
    ip[2] = static_cast<uint8_t>(total >> 8);
    ip[3] = static_cast<uint8_t>(total);
    ip[6] = random.chance(70) ? 0 : static_cast<uint8_t>(random.below(64));
    ip[8] = static_cast<uint8_t>(random.below(5));
    static const uint8_t protocols[] = {1, 6, 17, 17, 6, 47};
    ip[9] = protocols[random.below(6)];
    ip[12] = ip[16] = 10;
    ip[13] = ip[14] = ip[17] = ip[18] = 0;
    const uint32_t header = (ip[0] & 15u) * 4u;
    if (header >= 20 && header + 14 <= left && random.chance(50))
      ip[header + (random.chance(50) ? 0 : 13)] = static_cast<uint8_t>(random.below(20));
    if (header >= 20 && header <= left && random.chance(80)) {
      ip[10] = ip[11] = 0;
      const uint16_t sum = checksum(ip, header);
      memcpy(ip + 10, &sum, 2);
    }
  }
  const uint8_t where = random.chance(60) ? static_cast<uint8_t>(1 | (link ? 2 : 0) | 8)
                                          : static_cast<uint8_t>(random.below(32));
  out.insert(out.end(), {static_cast<uint8_t>(frame.size()), static_cast<uint8_t>(frame.size() >> 8),
                         static_cast<uint8_t>(random.below(4)), where});
  out.insert(out.end(), frame.begin(), frame.end());
}

}  // namespace

int main(int argc, char** argv) {
  const uint64_t inputs = argc > 1 ? std::strtoull(argv[1], nullptr, 0) : 200'000;
  const uint64_t seed = argc > 2 ? std::strtoull(argv[2], nullptr, 0) : static_cast<uint64_t>(time(nullptr));
  std::printf("fuzz_elements: %llu inputs, seed %llu\n", static_cast<unsigned long long>(inputs),
              static_cast<unsigned long long>(seed));
  unit::Random random{seed};
  for (uint64_t i = 0; i < inputs; ++i) {
    // The same element for a while: a new one is a new graph.
    std::vector<uint8_t> input{static_cast<uint8_t>(i * subjects.size() / inputs)};
    for (uint32_t n = 1 + random.below(8); n > 0; --n) add_packet(random, input);
    LLVMFuzzerTestOneInput(input.data(), input.size());
  }
}
#endif
