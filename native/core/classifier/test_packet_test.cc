/// Implementation of test_packet.hh, with tests of its own assumptions.
#include "test_packet.hh"

#include "unit.hpp"

namespace hotclick::core::testing {

std::vector<uint8_t> make_frame(const Headers& h) {
  std::vector<uint8_t> frame{2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0};
  const auto put = [&](uint32_t value, int bytes) {
    for (int i = bytes - 1; i >= 0; --i) frame.push_back(static_cast<uint8_t>(value >> (8 * i)));
  };
  put(h.version_ihl, 1);
  put(h.tos, 1);
  put(34 + h.payload, 2);
  put(h.id, 2);
  put(h.fragment, 2);
  put(h.ttl, 1);
  put(h.protocol, 1);
  put(0, 2);
  put(h.source, 4);
  put(h.destination, 4);
  put(h.source_port, 2);
  put(h.destination_port, 2);
  put(0, 4);
  put(0, 4);
  put(0x50, 1);
  put(h.tcp_flags, 1);
  put(h.window, 2);
  frame.resize(frame.size() + h.payload);
  return frame;
}

Headers tcp(uint16_t source_port, uint16_t destination_port, uint8_t flags) {
  Headers h;
  h.protocol = protocol_tcp;
  h.source_port = source_port;
  h.destination_port = destination_port;
  h.tcp_flags = flags;
  return h;
}
Headers udp(uint16_t source_port, uint16_t destination_port) {
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

TestClassifier::TestClassifier(const char* kind, const std::vector<std::string>& patterns,
                               const CompileOptions& options) {
  std::vector<hc_string> strings;
  for (const std::string& p : patterns) strings.push_back({p.data(), static_cast<uint32_t>(p.size()), 0});
  char error[HC_ERROR_SIZE] = "";
  classifier_ =
      compile_patterns(kind, strings.data(), static_cast<uint32_t>(strings.size()), options, error, &failed_);
  error_ = error;
}

std::string TestClassifier::text() const {
  std::vector<char> buffer(1 << 16);
  hc_text text{buffer.data(), 0, static_cast<uint32_t>(buffer.size()), 0, 0};
  classifier_text(classifier_, &text);
  return std::string(text.data, text.length);
}

uint32_t TestClassifier::port(TestPacket& packet) const {
  if (!classifier_) {
    unit::fail(__FILE__, __LINE__, "pattern " + std::to_string(failed_) + ": " + error_);
    return UINT32_MAX;
  }
  hc_batch batch;
  batch.count = 1;
  batch.packets[0] = packet.packet();
  uint16_t port = 0;
  classify(classifier_, &batch, &port);
  return port;
}

uint32_t TestClassifier::port(const Headers& h) const {
  TestPacket packet(make_frame(h));
  return port(packet);
}

uint32_t TestClassifier::port_of_frame(const std::vector<uint8_t>& frame) const {
  TestPacket packet(frame, -1, -1, -1);
  return port(packet);
}

TEST("classifier test frames have the headers where the tests expect them") {
  Headers h;
  h.tcp_flags = 0x12;
  const std::vector<uint8_t> frame = make_frame(h);
  CHECK_EQ(frame.size(), 68u);
  CHECK_EQ(frame[23], protocol_udp);
  CHECK_EQ(frame[34] << 8 | frame[35], 1000);
  CHECK_EQ(frame[47], 0x12);
}

}  // namespace hotclick::core::testing
