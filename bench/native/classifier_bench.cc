/// Nanoseconds per packet of the compiled classifiers: median, min and max of the runs.
///
///   classifier_bench [RUNS] [NAME-PART]
///
/// `last` traffic matches the last rule only (random otherwise); `mixed` traffic matches random rules.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "core/classifier/classifier.hh"
#include "hotclick/batch.hpp"
#include "hotclick/net.hpp"
#include "test/unit.hpp"

using namespace hotclick;

namespace {

using Clock = std::chrono::steady_clock;

constexpr uint32_t packet_count = 2048;  // of different packets: more than branch predictors learn by heart

struct Packets {
  Packets() : buffers(packet_count * HC_BUFFER_SIZE), packets(packet_count) {
    for (uint32_t i = 0; i < packet_count; ++i) {
      hc_packet& p = packets[i];
      p = {};
      p.buffer = buffers.data() + size_t{i} * HC_BUFFER_SIZE;
      p.index = i;
      reset_packet(&p);
      p.length = 64;
      p.mac_offset = static_cast<uint16_t>(p.data - p.buffer);
      p.network_offset = static_cast<uint16_t>(p.mac_offset + 14);
      p.transport_offset = static_cast<uint16_t>(p.mac_offset + 34);
      p.data[12] = 8;
      p.data[13] = 0;
      Ipv4Header& ip = header(i);
      ip.version_ihl = 0x45;
      ip.ttl = 64;
      ip.protocol = protocol_udp;
      ip.total_length = net16(46);
    }
  }
  Ipv4Header& header(uint32_t i) { return *reinterpret_cast<Ipv4Header*>(packets[i].data + 14); }
  UdpHeader& udp(uint32_t i) { return *reinterpret_cast<UdpHeader*>(packets[i].data + 34); }

  std::vector<uint8_t> buffers;
  std::vector<hc_packet> packets;
};

struct Flow {
  uint32_t source, destination;
  uint16_t source_port, destination_port;
  uint8_t protocol;
};

void write(Packets& packets, uint32_t i, const Flow& f) {
  packets.header(i).source = net32(f.source);
  packets.header(i).destination = net32(f.destination);
  packets.header(i).protocol = f.protocol;
  packets.udp(i).source_port = net16(f.source_port);
  packets.udp(i).destination_port = net16(f.destination_port);
}

std::string quad(uint32_t a) {
  return std::to_string(a >> 24) + "." + std::to_string(a >> 16 & 255) + "." + std::to_string(a >> 8 & 255) +
         "." + std::to_string(a & 255);
}

struct RuleSet {
  std::string name, kind = "ipfilter";
  std::vector<std::string> rules;
  std::vector<Flow>
      flows;  // one that matches each rule but the last, or none for rules that are not about flows
};

/// `shape` says what the rules look like; all end with "allow all" (which traffic of 203.0.0.0/8 reaches).
RuleSet make_rules(const std::string& shape, uint32_t count) {
  unit::Random random{count * 7919u + shape.size()};
  RuleSet set;
  set.name = shape + "-" + std::to_string(count);
  for (uint32_t i = 0; i + 1 < count; ++i) {
    Flow f{random.below(0xC0000000), random.below(0xC0000000),
           static_cast<uint16_t>(1024 + random.below(60000)), static_cast<uint16_t>(random.below(1024)),
           protocol_udp};
    if (shape == "subnet") {  // hosts of one network
      f.source = 0x0A000000 + i;
      set.rules.push_back("deny src host " + quad(f.source));
    } else if (shape == "hosts") {  // hosts anywhere
      set.rules.push_back("deny src host " + quad(f.source));
    } else if (shape == "services") {  // a host and a port
      set.rules.push_back("deny dst host " + quad(f.destination) + " && udp && dst port " +
                          std::to_string(f.destination_port));
    } else if (shape ==
               "crossing") {  // the worst case: every field allows half of the rows, no row is allowed by all
      const std::string port = std::to_string(1 + random.below(65535));
      set.rules.push_back("deny src port >= " + port + " && dst port < " + port);
    } else if (shape == "pairs") {
      set.rules.push_back("deny src host " + quad(f.source) + " && dst host " + quad(f.destination));
    } else {  // acl: networks of few sites, protocols, ports and ranges, both verdicts
      const uint32_t site = random.below(64), other = random.below(64);
      f.source = site << 24 | random.below(256) << 8 | random.below(256);
      f.destination = other << 24 | random.below(256) << 16 | 1;
      if (random.chance(50)) f.protocol = protocol_tcp;
      std::string rule = random.chance(50) ? "deny" : "allow";
      if (random.chance(90))
        rule += " src net " + quad(f.source) + "/" + std::to_string(8 + 8 * random.below(4));
      rule += (rule.size() > 5 ? " && dst net " : " dst net ") + quad(f.destination) + "/" +
              std::to_string(16 + random.below(17));
      if (random.chance(80)) rule += f.protocol == protocol_tcp ? " && tcp" : " && udp";
      if (random.chance(50)) rule += " && dst port " + std::to_string(f.destination_port);
      if (random.chance(15)) rule += " && src port > 1023";
      set.rules.push_back(rule);
    }
    if (shape != "crossing") set.flows.push_back(f);
  }
  set.rules.push_back("allow all");
  return set;
}

struct Compiled {
  explicit Compiled(const RuleSet& set) {
    std::vector<hc_string> patterns;
    for (const std::string& r : set.rules) patterns.push_back({r.data(), static_cast<uint32_t>(r.size()), 0});
    char error[HC_ERROR_SIZE];
    uint32_t failed = 0;
    const auto start = Clock::now();
    classifier = core::classifier_compile(set.kind.c_str(), patterns.data(),
                                          static_cast<uint32_t>(patterns.size()), error, &failed);
    milliseconds = std::chrono::duration<double, std::milli>(Clock::now() - start).count();
    if (!classifier) std::printf("%-16s pattern %u: %s\n", set.name.c_str(), failed, error);
  }
  ~Compiled() { core::classifier_free(classifier); }
  Compiled(const Compiled&) = delete;
  Compiled& operator=(const Compiled&) = delete;
  std::string last_line(const char* start) const {
    std::vector<char> buffer(1 << 20);
    hc_text text{buffer.data(), 0, static_cast<uint32_t>(buffer.size()), 0, 0};
    core::classifier_text(classifier, &text);
    const std::string all(text.data, text.length);
    const size_t at = all.rfind(start);
    return at == std::string::npos ? "" : all.substr(at, all.find('\n', at) - at);
  }
  hc_classifier* classifier = nullptr;
  double milliseconds = 0;
};

void measure(const Compiled& compiled, const std::string& name, Packets& packets, uint32_t runs) {
  constexpr uint32_t batches = packet_count / HC_BATCH_CAPACITY;
  auto all = std::make_unique<hc_batch[]>(batches);
  for (uint32_t i = 0; i < packet_count; ++i) {
    hc_batch& b = all[i / HC_BATCH_CAPACITY];
    b.packets[b.count++] = &packets.packets[i];
  }
  uint16_t ports[HC_BATCH_CAPACITY];
  uint64_t sum = 0;
  std::vector<double> samples;
  for (uint32_t run = 0; run <= runs; ++run) {
    constexpr uint32_t rounds = 400;
    const auto start = Clock::now();
    for (uint32_t round = 0; round < rounds; ++round) {
      for (uint32_t b = 0; b < batches; ++b) {
        core::classify(compiled.classifier, &all[b], ports);
        sum += ports[round % HC_BATCH_CAPACITY];
      }
    }
    const double ns = std::chrono::duration<double, std::nano>(Clock::now() - start).count();
    if (run > 0) samples.push_back(ns / (double{rounds} * packet_count));  // the first one warms up
  }
  std::sort(samples.begin(), samples.end());
  std::printf("%-22s %6.2f ns (%6.2f - %6.2f)  compile %8.1f ms  %s  %s  #%llu\n", name.c_str(),
              samples[samples.size() / 2], samples.front(), samples.back(), compiled.milliseconds,
              compiled.last_line("method").c_str(), compiled.last_line("bytes").c_str(),
              static_cast<unsigned long long>(sum % 10));
  std::fflush(stdout);
}

Flow unmatched(unit::Random& random) {
  return {0xCB000000 | random.below(1 << 24), 0xCB000000 | random.below(1 << 24),
          static_cast<uint16_t>(random.below(65536)), static_cast<uint16_t>(random.below(65536)),
          protocol_udp};
}

}  // namespace

int main(int argc, char** argv) {
  const uint32_t runs = argc > 1 ? static_cast<uint32_t>(std::max(1, std::atoi(argv[1]))) : 7;
  const char* part = argc > 2 ? argv[2] : "";
  Packets packets;
  unit::Random random{1};
  const auto bench = [&](const RuleSet& set) {
    if (!std::strstr(set.name.c_str(), part)) return;
    const Compiled compiled(set);
    if (!compiled.classifier) return;
    const bool same_ports = set.name.starts_with("crossing");
    for (uint32_t i = 0; i < packet_count; ++i) {
      Flow f = unmatched(random);
      if (same_ports) f.destination_port = f.source_port;
      write(packets, i, f);
    }
    measure(compiled, set.name + " last", packets, runs);
    if (set.flows.empty()) return;
    for (uint32_t i = 0; i < packet_count; ++i) {
      write(packets, i, set.flows[random.below(static_cast<uint32_t>(set.flows.size()))]);
    }
    measure(compiled, set.name + " mixed", packets, runs);
  };
  bench({"router-ethernet", "classifier", {"12/0806 20/0001", "12/0806 20/0002", "12/0800", "-"}, {}});
  bench({"router-ports", "ipclassifier", {"tcp", "udp and dst port 53", "icmp type echo", "-"}, {}});
  bench({"router-hosts", "ipclassifier", {"dst 10.0.0.1", "dst 10.1.0.1 or dst 10.0.0.255", "-"}, {}});
  for (const char* shape : {"subnet", "hosts", "services", "pairs", "acl", "crossing"}) {
    for (uint32_t count : {10u, 100u, 1000u, 10000u}) bench(make_rules(shape, count));
  }
}
