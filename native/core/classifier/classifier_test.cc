/// Whole classifiers: Classifier's clauses, rule order, limits, batches.
#include "classifier.hh"

#include "test_packet.hh"
#include "unit.hpp"

using namespace hotclick;
using namespace hotclick::core;
using namespace hotclick::core::testing;

TEST("classifier: clauses of the standard IP router") {
  const TestClassifier c("classifier", {"12/0806 20/0001", "12/0806 20/0002", "12/0800", "-"});
  std::vector<uint8_t> frame(60);
  const auto port = [&](int type, int operation) {
    frame[12] = static_cast<uint8_t>(type >> 8), frame[13] = static_cast<uint8_t>(type);
    frame[20] = static_cast<uint8_t>(operation >> 8), frame[21] = static_cast<uint8_t>(operation);
    return c.port_of_frame(frame);
  };
  CHECK_EQ(port(0x0806, 1), 0u);
  CHECK_EQ(port(0x0806, 2), 1u);
  CHECK_EQ(port(0x0806, 3), 3u);
  CHECK_EQ(port(0x0800, 1), 2u);
  CHECK_EQ(port(0x86DD, 1), 3u);
}

TEST("classifier: masks, wildcards, odd offsets and long values") {
  const TestClassifier c("classifier", {"1/0a0b0c", "0/8?%f0", "!0/00 3/F?", "3/02%12", "4/??01"});
  CHECK_EQ(c.port_of_frame({0, 0x0A, 0x0B, 0x0C}), 0u);
  CHECK_EQ(c.port_of_frame({0x87, 1, 1, 0}), 1u);
  CHECK_EQ(c.port_of_frame({1, 1, 1, 0xF3}), 2u);
  CHECK_EQ(c.port_of_frame({0, 1, 1, 0xEF}), 3u);
  CHECK_EQ(c.port_of_frame({0, 1, 1, 0, 9, 1}), 4u);
  CHECK_EQ(c.port_of_frame({0, 1, 1, 0, 9, 2}), uint32_t{HC_NO_PORT});
}

TEST("classifier: a clause that needs missing bytes is false and its negation true") {
  const TestClassifier c("classifier", {"12/0800", "!12/08??", "-"});
  std::vector<uint8_t> frame(14);
  frame[12] = 8;
  CHECK_EQ(c.port_of_frame(frame), 0u);
  CHECK_EQ(c.port_of_frame({frame.begin(), frame.begin() + 13}), 2u);  // 0800 needs two bytes, 08?? one
  CHECK_EQ(c.port_of_frame({frame.begin(), frame.begin() + 12}), 1u);
  CHECK_EQ(c.port_of_frame({}), 1u);
}

TEST("classifier: offsets beyond every frame never match") {
  const TestClassifier c("classifier", {"2047/00", "2048/00", "65535/0000", "-"});
  CHECK_EQ(c.port_of_frame(std::vector<uint8_t>(1514)), 3u);
  CHECK_EQ(c.port_of_frame(std::vector<uint8_t>(2048)), 0u);
}

TEST("classifier: bad clauses are named with their position") {
  const auto error = [](const char* pattern) {
    const TestClassifier c("classifier", {"-", pattern});
    CHECK(!c.ok());
    CHECK_EQ(c.failed(), 1u);
    return c.error();
  };
  CHECK_EQ(error("12/0806 x/01"), "expected an offset (a decimal number) in clause: 'x/01' at position 9");
  CHECK_EQ(error("12:0806"), "expected '/' after the offset in clause: '12:0806' at position 1");
  CHECK_EQ(error("12/080"), "value has an odd number of hex digits in clause: '12/080' at position 1");
  CHECK_EQ(error("12/"), "value has less than 2 hex digits in clause: '12/' at position 1");
  CHECK_EQ(error(" 12/0800%ff"), "mask has too few hex digits in clause: '12/0800%ff' at position 2");
  CHECK_EQ(error("12/0800%ffffff"), "mask has too many hex digits in clause: '12/0800%ffffff' at position 1");
  CHECK_EQ(error("12/08zz"), "unexpected character in clause: '12/08zz' at position 1");
  CHECK_EQ(error("- 12/08"), "nothing may follow '-': '12/08' at position 3");
  CHECK_EQ(error("12/08 !"), "a clause is missing after '!' at the end of the pattern");
  CHECK_EQ(error("99999999999/08"), "offset is above 65535 in clause: '99999999999/08' at position 1");
}

TEST("classifier: patterns for everything and nothing") {
  for (const char* all : {"-", "any", "all", "true", "\"all\"", "// a comment\n all"})
    CHECK_EQ(TestClassifier("ipclassifier", {all}).port(udp()), 0u);
  const TestClassifier none("ipclassifier", {});
  CHECK_EQ(none.port(udp()), uint32_t{HC_NO_PORT});
  const TestClassifier c("ipfilter", {"allow false", "deny false", "7 all"});
  CHECK_EQ(c.port(udp()), 7u);
}

TEST("classifier: filter rules in order, first match wins") {
  const TestClassifier c("ipfilter",
                         {"deny src 10.0.0.1 && tcp", "1 udp", "drop icmp type echo", "allow icmp"});
  CHECK_EQ(c.port(tcp()), uint32_t{HC_NO_PORT});
  CHECK_EQ(c.port(udp()), 1u);
  CHECK_EQ(c.port(icmp(8)), uint32_t{HC_NO_PORT});
  CHECK_EQ(c.port(icmp(0)), 0u);
  Headers other = tcp();
  other.source = 1;
  CHECK_EQ(c.port(other), uint32_t{HC_NO_PORT});
}

TEST("classifier: an expression that explodes is refused with the pattern's number") {
  std::string pattern;
  for (int i = 0; i < 24; ++i) {
    if (i > 0) pattern += " and ";
    pattern += "(ip[" + std::to_string(i * 2) + "] 1 or ip[" + std::to_string(i * 2 + 1) + "] 2)";
  }
  const TestClassifier c("ipclassifier", {"tcp", pattern});
  CHECK(!c.ok());
  CHECK_EQ(c.failed(), 1u);
  CHECK(c.error().find("too many alternatives") != std::string::npos);
}

TEST("classifier: deep nesting is refused, long lists are not") {
  const TestClassifier deep("ipclassifier", {std::string(100000, '(') + "tcp" + std::string(100000, ')')});
  CHECK(!deep.ok());
  CHECK(deep.error().find("nested too deeply") != std::string::npos);
  std::string list = "src port 1";
  for (int i = 3; i < 20000; i += 2) list += " or " + std::to_string(i);
  const TestClassifier c("ipclassifier", {list, "-"});
  CHECK(c.ok());
  CHECK_EQ(c.port(tcp(19999, 1)), 0u);
  CHECK_EQ(c.port(tcp(20000, 1)), 1u);
}

TEST("classifier: a full batch keeps every packet's own port") {
  const TestClassifier c("ipclassifier", {"dst port 1", "dst port 2", "-"});
  std::vector<std::unique_ptr<TestPacket>> packets;
  hc_batch batch;
  batch.count = HC_BATCH_CAPACITY;
  for (uint32_t i = 0; i < batch.count; ++i) {
    std::vector<uint8_t> frame = make_frame(tcp(9, static_cast<uint16_t>(1 + i % 3)));
    if (i % 7 == 0) frame.resize(36);
    packets.push_back(std::make_unique<TestPacket>(frame));
    batch.packets[i] = packets.back()->packet();
  }
  uint16_t ports[HC_BATCH_CAPACITY];
  classify(c.get(), &batch, ports);
  for (uint32_t i = 0; i < batch.count; ++i) CHECK_EQ(ports[i], i % 7 == 0 ? 2u : i % 3);
}

TEST("classifier: the text says what was built and fits its buffer") {
  const TestClassifier c("ipclassifier", {"src 10.0.0.1", "-"});
  CHECK(c.text().find("method: tests") != std::string::npos);
  char small[10];
  hc_text out{small, 0, sizeof small, 0, 0};
  classifier_text(c.get(), &out);
  CHECK_EQ(out.overflow, 1u);
  CHECK(out.length <= sizeof small);
}
