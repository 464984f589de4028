/// Packets and classifiers for the tests of this folder.
#pragma once
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "classifier.hh"
#include "compile.hh"
#include "hotclick/batch.hpp"
#include "hotclick/net.hpp"

namespace hotclick::core::testing {

/// A packet with a buffer of its own, exactly as long as its frame, so that a sanitizer sees reads behind the
/// end. The headers start at the given offsets from the frame's start; -1 leaves one unset.
class TestPacket {
 public:
  TestPacket(const std::vector<uint8_t>& frame, int network = 14, int transport = 34, int mac = 0)
      : bytes_(headroom + frame.size()) {
    std::copy(frame.begin(), frame.end(), bytes_.begin() + headroom);
    packet_.buffer = bytes_.data();
    packet_.data = bytes_.data() + headroom;
    packet_.length = static_cast<uint32_t>(frame.size());
    const auto offset = [](int at) { return static_cast<uint16_t>(at < 0 ? 0 : headroom + at); };
    packet_.network_offset = offset(network);
    packet_.transport_offset = offset(transport);
    packet_.mac_offset = offset(mac);
  }
  TestPacket(const TestPacket&) = delete;
  TestPacket& operator=(const TestPacket&) = delete;
  hc_packet* packet() { return &packet_; }

 private:
  static constexpr int headroom = 16;
  std::vector<uint8_t> bytes_;
  hc_packet packet_{};
};

/// The fields of a frame under test.
struct Headers {
  uint32_t source = 0x0A000001, destination = 0x0A000002;
  uint8_t protocol = protocol_udp, ttl = 64, tos = 0, version_ihl = 0x45;
  uint16_t id = 1, fragment = 0, source_port = 1000, destination_port = 2000;
  uint8_t tcp_flags = 0;
  uint16_t window = 100;
  uint32_t payload = 18;  // bytes behind the first 14 of the transport header
};

Headers tcp(uint16_t source_port = 1000, uint16_t destination_port = 2000, uint8_t flags = 0);
Headers udp(uint16_t source_port = 1000, uint16_t destination_port = 2000);
Headers icmp(uint8_t type);
Headers between(uint32_t source, uint32_t destination);

/// An Ethernet frame 02:00:00:00:00:02 → 02:00:00:00:00:01 with these headers (no options, whatever
/// version_ihl says).
std::vector<uint8_t> make_frame(const Headers& h);

/// A compiled classifier that frees itself.
class TestClassifier {
 public:
  TestClassifier(const char* kind, const std::vector<std::string>& patterns,
                 const CompileOptions& options = {});
  ~TestClassifier() { classifier_free(classifier_); }
  TestClassifier(const TestClassifier&) = delete;
  TestClassifier& operator=(const TestClassifier&) = delete;

  bool ok() const { return classifier_ != nullptr; }
  const std::string& error() const { return error_; }
  uint32_t failed() const { return failed_; }
  const hc_classifier* get() const { return classifier_; }
  std::string text() const;
  /// The port of one packet.
  uint32_t port(TestPacket& packet) const;
  uint32_t port(const Headers& h) const;
  /// The port of a bare frame (data only).
  uint32_t port_of_frame(const std::vector<uint8_t>& frame) const;

 private:
  hc_classifier* classifier_;
  std::string error_;
  uint32_t failed_ = 0;
};

}  // namespace hotclick::core::testing
