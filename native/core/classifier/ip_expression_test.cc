/// The IP expression language, test by test.
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

}  // namespace

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

TEST("classifier: later fragments never match tests behind the IP header") {
  Headers h = tcp(80, 80, 0x12);
  for (uint16_t fragment : {0x0001, 0x1FFF, 0x2010}) {
    h.fragment = fragment;
    for (const char* test :
         {"port 80", "tcp port != 5", "syn", "tcp[0:2] 80", "transp[0:2] 80", "tcp win 100"}) {
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
  CHECK_EQ(error("permit tcp"),
           "expected 'allow', 'deny', 'drop' or an output number: 'permit' at position 1");
  CHECK_EQ(error("99999 tcp"), "output number out of range: '99999' at position 1");
  CHECK_EQ(error(""), "expected 'allow', 'deny', 'drop' or an output number at the end of the pattern");
  CHECK_EQ(error("deny tcp and"), "expected a test at the end of the pattern");
  CHECK_EQ(error("deny (tcp or udp"), "expected ')' at the end of the pattern");
  CHECK_EQ(error("deny tcp)"), "unexpected word: ')' at position 9");
  CHECK_EQ(error("deny port 70000"), "value out of range, at most 65535: '70000' at position 11");
  CHECK_EQ(error("deny port foo"), "expected a port: 'foo' at position 11");
  CHECK_EQ(error("deny echo"),
           "ambiguous (say 'port', 'icmp type' or 'tcp opt' before it): 'echo' at position 6");
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
