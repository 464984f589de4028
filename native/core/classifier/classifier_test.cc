#include "classifier.hh"

#include "test_packet.hh"
#include "unit.hpp"

using namespace hotclick;
using namespace hotclick::core;
using namespace hotclick::core::testing;

namespace {

/// Does one expression match?
bool matches(const std::string& expression, const Headers& h) {
  const TestClassifier c("ipclassifier", {expression});
  if (!c.ok()) unit::fail(__FILE__, __LINE__, expression + ": " + c.error());
  return c.ok() && c.port(h) == 0;
}

Headers tcp(uint16_t source_port = 1000, uint16_t destination_port = 2000, uint8_t flags = 0) {
  Headers h;
  h.protocol = protocol_tcp;
  h.source_port = source_port;
  h.destination_port = destination_port;
  h.tcp_flags = flags;
  return h;
}
Headers udp(uint16_t source_port = 1000, uint16_t destination_port = 2000) {
  Headers h;
  h.source_port = source_port;
  h.destination_port = destination_port;
  return h;
}
Headers icmp(uint8_t type) {
  Headers h;
  h.protocol = protocol_icmp;
  h.source_port = static_cast<uint16_t>(type << 8);
  return h;
}
Headers between(uint32_t source, uint32_t destination) {
  Headers h;
  h.source = source;
  h.destination = destination;
  return h;
}

}  // namespace

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

TEST("classifier: addresses and networks") {
  const Headers h = between(0x0A000001, 0xC0A80102);
  CHECK(matches("src 10.0.0.1", h));
  CHECK(matches("host 10.0.0.1", h));
  CHECK(matches("dst host 192.168.1.2", h));
  CHECK(!matches("dst 10.0.0.1", h));
  CHECK(matches("10.0.0.0/24", h));
  CHECK(matches("10/8", h));
  CHECK(matches("net 192.168.0.0 mask 255.255.0.0", h));
  CHECK(matches("src net 10.0.0.0/255.0.0.0", h));
  CHECK(matches("dst net 0.0.0.2 mask 0.0.0.3", h));
  CHECK(!matches("src and dst 10.0.0.1", h));
  CHECK(matches("src and dst 10.0.0.1", between(0x0A000001, 0x0A000001)));
  CHECK(matches("src or dst 10.0.0.1", h));
  CHECK(matches("src 10.0.0.9 or 10.0.0.1", h));
  CHECK(!matches("dst 10.0.0.9 or 10.0.0.1", h));
  CHECK(matches("src 10.0.0.1 & 255.0.0.0 = 10.9.9.9", h));
  CHECK(matches("0.0.0.0/0", h));
}

TEST("classifier: != on two addresses means neither") {
  CHECK(!matches("host != 10.0.0.1", between(0x0A000001, 0x0A000002)));
  CHECK(matches("host != 10.0.0.1", between(0x0A000003, 0x0A000002)));
  CHECK(matches("src != 10.0.0.2", between(0x0A000001, 0x0A000002)));
}

TEST("classifier: ports by number, name, range and relation") {
  CHECK(matches("dst port 80", tcp(1, 80)));
  CHECK(matches("dst port http", udp(1, 80)));
  CHECK(matches("www", tcp(80, 1)));
  CHECK(matches("dns", udp(1, 53)));
  CHECK(!matches("tcp port 53", udp(1, 53)));
  CHECK(matches("udp port 53", udp(53, 1)));
  CHECK(matches("dst port 100-200", tcp(1, 200)));
  CHECK(!matches("dst port 100-200", tcp(1, 201)));
  CHECK(matches("dst tcp port 8000 or 8080", tcp(1, 8080)));
  CHECK(!matches("dst tcp port 8000 or 8080", udp(1, 8080)));
  CHECK(matches("dst tcp port > 1023", tcp(1, 1024)));
  CHECK(!matches("dst tcp port > 1023", tcp(1, 1023)));
  CHECK(matches("src port >= 1000 and < 2000", udp(1000, 1)));
  CHECK(matches("src tcp port & 10 == 8", tcp(12, 1)));
  CHECK(!matches("src tcp port & 10 == 8", tcp(10, 1)));
  CHECK(matches("src and dst port 7", tcp(7, 7)));
  CHECK(!matches("port 80", icmp(8)));
}

TEST("classifier: port != is not the negation of port ==") {
  CHECK(matches("src tcp port != 5", tcp(6, 5)));
  CHECK(!matches("src tcp port != 5", udp(6, 5)));
  CHECK(matches("!(src tcp port == 5)", udp(6, 5)));
  CHECK(!matches("port != 5", tcp(6, 5)));  // neither is 5
  CHECK(matches("port < 1024", tcp(5, 6)));
  CHECK(!matches("port < 1024", tcp(5, 2000)));  // the negation of "either is 1024 or more"
}

TEST("classifier: protocols, flags and ICMP types") {
  CHECK(matches("tcp", tcp()));
  CHECK(matches("ip proto tcp", tcp()));
  CHECK(matches("ip proto 6", tcp()));
  CHECK(matches("ip proto != 17", tcp()));
  CHECK(matches("tcpudp", udp()));
  CHECK(!matches("tcpudp", icmp(0)));
  CHECK(matches("transp", icmp(0)));
  CHECK(matches("syn", tcp(1, 2, 0x02)));
  CHECK(matches("tcp opt syn", tcp(1, 2, 0x12)));
  CHECK(matches("fin ack", tcp(1, 2, 0x11)));
  CHECK(!matches("fin ack", tcp(1, 2, 0x10)));
  CHECK(!matches("syn", udp()));
  CHECK(matches("tcp win < 101", tcp()));
  CHECK(matches("icmp type echo", icmp(8)));
  CHECK(matches("icmp echo-reply", icmp(0)));
  CHECK(matches("icmp type 3", icmp(3)));
  CHECK(!matches("icmp type != 4", udp()));
  CHECK(matches("icmp type != 4", icmp(5)));
  CHECK(matches("tcp and www", tcp(1, 80)));
  CHECK(!matches("tcp or www", udp(1, 80)));  // 'www' takes over 'tcp'
}

TEST("classifier: fields of the IP header") {
  Headers h;
  h.tos = 0xB9;
  h.id = 0x1234;
  h.ttl = 7;
  CHECK(matches("ip vers 4 && ip hl 5", h));
  CHECK(matches("ip tos 185", h));
  CHECK(matches("ip dscp 46", h));
  CHECK(matches("ip dscp > 45", h));
  CHECK(matches("ip id 0x1234", h));
  CHECK(matches("ip ttl 7", h));
  CHECK(matches("ip ttl <= 7 and ttl != 6", h));
  CHECK(matches("ip len 52", h));
  CHECK(matches("ip ect", h));
  CHECK(matches("ip ect 1", h));
  CHECK(!matches("ip ce", h));
  h.tos = 3;
  CHECK(matches("ce", h));
  h.tos = 0;
  CHECK(!matches("ip ect", h));
}

TEST("classifier: bytes of headers") {
  CHECK(matches("ip[0] 0x45", udp()));
  CHECK(matches("ip[0] & 0xf0 = 0x40", udp()));
  CHECK(matches("ip[12:4] 0x0a000001", udp()));
  CHECK(matches("ip[12:4] > 0x0a000000", udp()));
  CHECK(!matches("ip[12:4] > 0x0a000001", udp()));
  CHECK(matches("ip[12,15] >= 0x0a000001", udp()));
  CHECK(matches("ip[13:2] 0", udp()));
  CHECK(matches("transp[2:2] 2000", udp()));
  CHECK(matches("tcp[13] & 2 != 0", tcp(1, 2, 2)));
  CHECK(!matches("tcp[13] & 2 != 0", udp()));
  CHECK(matches("udp[0:2] < 1001", udp()));
  CHECK(matches("icmp[0] 8", icmp(8)));
  CHECK(matches("ip[12:4] & 0xff0000ff == 0x0a000001", udp()));
}

TEST("classifier: connectives, precedence and the ternary operator") {
  CHECK(matches("tcp or udp and dst port 1", tcp()));
  CHECK(!matches("(tcp or udp) and dst port 1", tcp()));
  CHECK(matches("not tcp", udp()));
  CHECK(matches("not not udp", udp()));
  CHECK(matches("! (tcp || icmp) && true", udp()));
  CHECK(!matches("false", udp()));
  CHECK(matches("udp ? dst port 2000 : dst port 80", udp()));
  CHECK(matches("tcp ? dst port 80 : src port 1000", udp()));
  CHECK(matches("tcp ? false : icmp ? false : true", udp()));
  CHECK(matches("src not 10.0.0.9", udp()));
}

TEST("classifier: patterns for everything and nothing") {
  for (const char* all : {"-", "any", "all", "true", "\"all\"", "// a comment\n all"}) CHECK(matches(all, udp()));
  const TestClassifier none("ipclassifier", {});
  CHECK_EQ(none.port(udp()), uint32_t{HC_NO_PORT});
  const TestClassifier c("ipfilter", {"allow false", "deny false", "7 all"});
  CHECK_EQ(c.port(udp()), 7u);
}

TEST("classifier: filter rules in order, first match wins") {
  const TestClassifier c("ipfilter", {"deny src 10.0.0.1 && tcp", "1 udp", "drop icmp type echo", "allow icmp"});
  CHECK_EQ(c.port(tcp()), uint32_t{HC_NO_PORT});
  CHECK_EQ(c.port(udp()), 1u);
  CHECK_EQ(c.port(icmp(8)), uint32_t{HC_NO_PORT});
  CHECK_EQ(c.port(icmp(0)), 0u);
  Headers other = tcp();
  other.source = 1;
  CHECK_EQ(c.port(other), uint32_t{HC_NO_PORT});
}

TEST("classifier: later fragments never match tests behind the IP header") {
  Headers h = tcp(80, 80, 0x12);
  for (uint16_t fragment : {0x0001, 0x1FFF, 0x2010}) {
    h.fragment = fragment;
    for (const char* test : {"port 80", "tcp port != 5", "syn", "tcp[0:2] 80", "transp[0:2] 80", "tcp win 100"}) {
      CHECK(!matches(test, h));
      CHECK(matches(std::string("not ") + test, h));
    }
    CHECK(matches("ip frag", h));
    CHECK(!matches("ip unfrag", h));
    CHECK(matches("tcp", h));
  }
  h.fragment = 0x2000;  // the first of several
  CHECK(matches("port 80", h));
  CHECK(matches("frag", h));
  h.fragment = 0x4000;  // "don't fragment" is no fragment
  CHECK(matches("unfrag", h));
}

TEST("classifier: a test that needs missing bytes is false whatever its operator") {
  const std::vector<uint8_t> frame = make_frame(tcp(80, 81));
  const auto cut = [&](const char* expression, size_t length) {
    const TestClassifier c("ipclassifier", {expression});
    TestPacket packet({frame.begin(), frame.begin() + static_cast<ptrdiff_t>(length)});
    return c.port(packet) == 0;
  };
  CHECK(cut("src port 80", 36));
  CHECK(!cut("src port 80", 35));
  CHECK(!cut("src port != 81", 35));
  CHECK(cut("not src port 80", 35));
  CHECK(!cut("dst port 81", 37));
  CHECK(!cut("transp[1] & 128 == 0", 35));
  CHECK(cut("transp[0] & 128 == 0", 35));
  CHECK(!cut("transp[1] & 128 == 0 || transp[1] & 128 == 128", 35));
  CHECK(cut("not (transp[1] & 128 == 0)", 35));
  CHECK(!cut("src != 99.0.0.1", 29));
  CHECK(cut("src != 99.0.0.1", 30));
  CHECK(!cut("ip[12:4] > 5", 29));
  CHECK(!cut("ip unfrag", 20));
  CHECK(!cut("tcp", 20));
  CHECK(cut("-", 0));
}

TEST("classifier: packets without header positions") {
  const std::vector<uint8_t> frame = make_frame(tcp(80, 81));
  const TestClassifier c("ipclassifier", {"dst port 81", "ip vers 4", "ether host 2:0:0:0:0:1", "-"});
  TestPacket no_transport(frame, 14, -1);  // found from the IP header
  CHECK_EQ(c.port(no_transport), 0u);
  TestPacket no_network(frame, -1, -1);
  CHECK_EQ(c.port(no_network), 2u);
  TestPacket nothing(frame, -1, -1, -1);
  CHECK_EQ(c.port(nothing), 3u);
  TestPacket outside(frame, 1000, 1020, 1000);
  CHECK_EQ(c.port(outside), 3u);
  std::vector<uint8_t> bad = frame;
  bad[14] = 0x41;  // a header length of 4 bytes
  TestPacket short_header(bad, 14, -1);
  CHECK_EQ(c.port(short_header), 1u);
}

TEST("classifier: Ethernet addresses") {
  CHECK(matches("ether host 2:0:0:0:0:1", udp()));
  CHECK(matches("src 2:0:0:0:0:2", udp()));
  CHECK(!matches("dst 2:0:0:0:0:2", udp()));
  CHECK(matches("ether dst & ff:0:0:0:0:0 == 2:9:9:9:9:9", udp()));
  CHECK(matches("ether src != 2:0:0:0:0:1", udp()));
}

TEST("classifier: mistakes in expressions are named with their position") {
  const auto error = [](const char* pattern) {
    const TestClassifier c("ipfilter", {"allow all", pattern});
    CHECK(!c.ok());
    CHECK_EQ(c.failed(), 1u);
    return c.error();
  };
  CHECK_EQ(error("allow prot tcp"), "unknown word: 'prot' at position 7");
  CHECK_EQ(error("permit tcp"), "expected 'allow', 'deny', 'drop' or an output number: 'permit' at position 1");
  CHECK_EQ(error("99999 tcp"), "output number out of range: '99999' at position 1");
  CHECK_EQ(error(""), "expected 'allow', 'deny', 'drop' or an output number at the end of the pattern");
  CHECK_EQ(error("deny tcp and"), "expected a test at the end of the pattern");
  CHECK_EQ(error("deny (tcp or udp"), "expected ')' at the end of the pattern");
  CHECK_EQ(error("deny tcp)"), "unexpected word: ')' at position 9");
  CHECK_EQ(error("deny port 70000"), "value out of range, at most 65535: '70000' at position 11");
  CHECK_EQ(error("deny port foo"), "expected a port: 'foo' at position 11");
  CHECK_EQ(error("deny echo"), "ambiguous (say 'port', 'icmp type' or 'tcp opt' before it): 'echo' at position 6");
  CHECK_EQ(error("deny 80"), "a number of what? Say 'port' or a header field before it: '80' at position 6");
  CHECK_EQ(error("deny host 10.0.0.0/8"), "expected an IP address at the end of the pattern");
  CHECK_EQ(error("deny tcp ? udp"), "expected ':' (between spaces) to go with '?' at the end of the pattern");
  CHECK_EQ(error("deny icmp port 80"), "this protocol has no ports: 'icmp' at position 6");
  CHECK_EQ(error("deny port >"), "no value after the operator: '>' at position 11");
  CHECK_EQ(error("deny ip[0:5] 1"), "LEN of [POS:LEN] must be 1 to 4 at: '[' at position 8");
  CHECK_EQ(error("deny ip[3:2] 1"), "a field must not cross a multiple of 4 bytes at: '[' at position 8");
  CHECK_EQ(error("deny ip[0 1"), "no ']' for: '[' at position 8");
  CHECK_EQ(error("deny src dst 1.2.3.4"), "'src' or 'dst' is given twice: 'dst' at position 10");
  CHECK_EQ(error("deny ip ttl & 0 = 1"), "a mask of zero tests nothing: '0' at position 15");
  CHECK_EQ(error("deny tcp udp port 1"), "a second protocol in one test: 'udp' at position 10");
  CHECK_EQ(error("deny port 80-70"), "expected a port: '80-70' at position 11");
  CHECK_EQ(TestClassifier("nonsense", {}).error(), "unknown kind of classifier: nonsense");
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
