/// The compiler against the slow reference: random rule sets and packets, by every method.
#include "reference.hh"
#include "test_packet.hh"
#include "unit.hpp"

using namespace hotclick;
using namespace hotclick::core;
using namespace hotclick::core::testing;

namespace {

/// What each of the methods needs to be chosen.
struct Configuration {
  const char* name;
  CompileOptions options;
};

std::vector<Configuration> configurations() {
  CompileOptions tables, bitmaps, mixed;
  tables.most_tests = bitmaps.most_tests = mixed.most_tests = 0;
  bitmaps.limits.merge_entries = 0;
  mixed.limits.merge_entries = 40;
  return {{"default", {}}, {"tables", tables}, {"bitmaps", bitmaps}, {"tables and bitmaps", mixed}};
}

std::unique_ptr<TestPacket> random_packet(unit::Random& random, ExpressionMaker& maker) {
  Headers h;
  const uint32_t protocols[] = {1, 6, 17, 17, 6, 47},
                 fragments[] = {0, 0, 0, 0x4000, 0x2000, 1, 0x2001, 0x1FFF};
  h.source = maker.address();
  h.destination = maker.address();
  h.source_port = maker.port();
  h.destination_port = maker.port();
  h.protocol = static_cast<uint8_t>(maker.pick(protocols));
  h.fragment = static_cast<uint16_t>(maker.pick(fragments));
  h.tos = static_cast<uint8_t>(random.below(8));
  h.id = static_cast<uint16_t>(256 + random.below(4));
  h.ttl = static_cast<uint8_t>(63 + random.below(3));
  h.tcp_flags = static_cast<uint8_t>(random.below(32));
  h.window = static_cast<uint16_t>(99 + random.below(3));
  if (random.chance(10)) h.version_ihl = static_cast<uint8_t>(random.below(256));
  if (h.protocol == protocol_icmp) h.source_port = static_cast<uint16_t>(random.below(16) << 8);
  std::vector<uint8_t> frame = make_frame(h);
  if (random.chance(30)) frame.resize(random.below(static_cast<uint32_t>(frame.size())));
  const int network = random.chance(95) ? 14 : random.chance(50) ? -1 : static_cast<int>(random.below(80));
  const int transport = random.chance(90) ? 34 : random.chance(70) ? -1 : static_cast<int>(random.below(80));
  return std::make_unique<TestPacket>(frame, network, transport, random.chance(90) ? 0 : -1);
}

struct RuleSet {
  std::string kind;
  std::vector<std::string> patterns;
  std::vector<Expression> expressions;
  std::vector<uint32_t> ports;

  uint32_t expected(const hc_packet& packet) const {
    const PacketView view(packet);
    for (size_t i = 0; i < expressions.size(); ++i) {
      if (expressions[i].holds(view)) return ports[i];
    }
    return HC_NO_PORT;
  }
};

RuleSet random_rules(unit::Random& random, ExpressionMaker& maker, uint32_t count, uint32_t depth) {
  RuleSet set;
  const char* kinds[] = {"ipclassifier", "ipfilter", "classifier"};
  set.kind = kinds[random.below(3)];
  for (uint32_t i = 0; i < count; ++i) {
    Expression e = set.kind == "classifier" ? maker.make_clauses() : maker.make(depth);
    uint32_t port = i;
    std::string prefix;
    if (set.kind == "ipfilter") {
      const char* actions[] = {"allow ", "deny ", "drop ", "3 "};
      const uint32_t ports[] = {0, HC_NO_PORT, HC_NO_PORT, 3};
      const uint32_t action = random.below(4);
      prefix = actions[action];
      port = ports[action];
    }
    set.patterns.push_back(prefix + e.text);
    set.expressions.push_back(std::move(e));
    set.ports.push_back(port);
  }
  return set;
}

/// False when a packet went elsewhere than the reference says.
bool agrees(const RuleSet& set, std::vector<std::unique_ptr<TestPacket>>& packets, const Configuration& how) {
  const TestClassifier c(set.kind.c_str(), set.patterns, how.options);
  if (!c.ok()) {
    // The only excuse is an expression with too many alternatives.
    return CHECK(c.error().find("too many alternatives") != std::string::npos) || CHECK_EQ(c.error(), "");
  }
  hc_batch batch;
  batch.count = static_cast<uint32_t>(packets.size());
  for (uint32_t i = 0; i < batch.count; ++i) batch.packets[i] = packets[i]->packet();
  uint16_t ports[HC_BATCH_CAPACITY];
  classify(c.get(), &batch, ports);
  for (uint32_t i = 0; i < batch.count; ++i) {
    if (CHECK_EQ(uint32_t{ports[i]}, set.expected(*batch.packets[i]))) continue;
    std::printf("    packet %u, %s, %s\n", i, how.name, set.kind.c_str());
    for (const std::string& p : set.patterns) std::printf("      %s\n", p.c_str());
    return false;
  }
  return true;
}

void compare_sets(uint32_t rounds, uint32_t most_rules, uint32_t depth, uint32_t packet_count) {
  unit::Random random{unit::seed()};
  ExpressionMaker maker(random);
  const auto ways = configurations();
  for (uint32_t round = 0; round < rounds; ++round) {
    const RuleSet set = random_rules(random, maker, 1 + random.below(most_rules), depth);
    std::vector<std::unique_ptr<TestPacket>> packets;
    for (uint32_t i = 0; i < packet_count; ++i) packets.push_back(random_packet(random, maker));
    for (const Configuration& how : ways) {
      if (!agrees(set, packets, how)) return;
    }
  }
}

}  // namespace

TEST("classifier agrees with the reference on single tests") {
  compare_sets(1000, 1, 0, 100);
}
TEST("classifier agrees with the reference on small rule sets") {
  compare_sets(500, 6, 2, 100);
}
TEST("classifier agrees with the reference on deep expressions") {
  compare_sets(60, 3, 5, 100);
}
TEST("classifier agrees with the reference on large rule sets") {
  compare_sets(10, 300, 1, 256);
}
