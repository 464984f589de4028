// Two ways to put stamped packets on the network: UDP sockets of the kernel, and prebuilt frames.
#pragma once

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "process.hpp"
#include "stamp.hpp"

namespace traffic {

/// Largest number of packets handed to the kernel in one call.
inline constexpr size_t kMostPerCall = 64;

struct Endpoint {
  in_addr address;
  uint16_t port;  ///< host byte order
};

/// Sends packets of one flow at a time from a fixed set of slots; the caller writes the stamps into them.
class Sender {
 public:
  explicit Sender(size_t slot_bytes, size_t stamp_offset)
      : slot_bytes_(slot_bytes), stamp_offset_(stamp_offset), slots_(slot_bytes * kMostPerCall) {
    for (size_t i = 0; i < kMostPerCall; ++i) {
      vectors_[i] = {.iov_base = slot(i), .iov_len = slot_bytes};
      messages_[i] = {};
      messages_[i].msg_hdr.msg_iov = &vectors_[i];
      messages_[i].msg_hdr.msg_iovlen = 1;
    }
  }
  virtual ~Sender() = default;
  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;

  uint8_t* stamp(size_t index) { return slot(index) + stamp_offset_; }

  /// Sends slots 0 to count - 1. Returns how many were accepted; the rest was refused by the kernel.
  virtual size_t send(uint32_t flow, size_t count) = 0;

 protected:
  uint8_t* slot(size_t index) { return slots_.data() + index * slot_bytes_; }
  size_t slot_bytes() const { return slot_bytes_; }

  size_t send_on(int socket, size_t count) {
    int accepted = sendmmsg(socket, messages_.data(), static_cast<unsigned>(count), 0);
    return accepted < 0 ? 0 : static_cast<size_t>(accepted);
  }

 private:
  size_t slot_bytes_;
  size_t stamp_offset_;
  std::vector<uint8_t> slots_;
  std::array<iovec, kMostPerCall> vectors_;
  std::array<mmsghdr, kMostPerCall> messages_;
};

/// One connected UDP socket per flow; flow i has the source port source.port + i.
class UdpSender final : public Sender {
 public:
  UdpSender(size_t frame_bytes, Endpoint source, Endpoint target, uint32_t flows)
      : Sender(frame_bytes - kHeaderBytes, 0) {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    for (uint32_t flow = 0; flow < flows; ++flow) {
      int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
      if (socket < 0) fail_errno("socket");
      sockets_.push_back(socket);
      sockaddr_in from = socket_address({source.address, static_cast<uint16_t>(source.port + flow)});
      sockaddr_in to = socket_address(target);
      if (bind(socket, reinterpret_cast<sockaddr*>(&from), sizeof from) != 0) fail_errno("--source");
      if (connect(socket, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) fail_errno("--target");
    }
  }
  ~UdpSender() override {
    for (int socket : sockets_) close(socket);
  }

  size_t send(uint32_t flow, size_t count) override { return send_on(sockets_[flow], count); }

 private:
  static sockaddr_in socket_address(Endpoint endpoint) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr = endpoint.address;
    address.sin_port = htons(endpoint.port);
    return address;
  }

  std::vector<int> sockets_;
};

/// Complete Ethernet frames through a packet socket: no route, no neighbour table, valid checksums.
class RawSender final : public Sender {
 public:
  RawSender(size_t frame_bytes, Endpoint source, Endpoint target, const char* device, const uint8_t* from_mac,
            const uint8_t* to_mac)
      : Sender(frame_bytes, kHeaderBytes), first_port_(source.port) {
    socket_ = ::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    if (socket_ < 0) fail_errno("packet socket");
    sockaddr_ll link{};
    link.sll_family = AF_PACKET;
    link.sll_ifindex = static_cast<int>(if_nametoindex(device));
    if (link.sll_ifindex == 0) fail_errno(device);
    if (bind(socket_, reinterpret_cast<sockaddr*>(&link), sizeof link) != 0) fail_errno(device);
    for (size_t i = 0; i < kMostPerCall; ++i) write_headers(slot(i), source, target, from_mac, to_mac);
  }
  ~RawSender() override { close(socket_); }

  size_t send(uint32_t flow, size_t count) override {
    for (size_t i = 0; i < count; ++i) finish_udp(slot(i), static_cast<uint16_t>(first_port_ + flow));
    return send_on(socket_, count);
  }

 private:
  static constexpr size_t kIp = 14;
  static constexpr size_t kUdp = kIp + 20;

  static uint32_t sum(const uint8_t* at, size_t bytes) {
    uint32_t total = 0;
    for (size_t i = 0; i + 1 < bytes; i += 2) total += static_cast<uint32_t>(at[i] << 8 | at[i + 1]);
    if (bytes % 2 != 0) total += static_cast<uint32_t>(at[bytes - 1] << 8);
    return total;
  }

  static uint16_t fold(uint32_t total) {
    while (total >> 16 != 0) total = (total & 0xffff) + (total >> 16);
    return static_cast<uint16_t>(~total);
  }

  void write_headers(uint8_t* frame, Endpoint source, Endpoint target, const uint8_t* from_mac,
                     const uint8_t* to_mac) {
    std::memcpy(frame, to_mac, 6);
    std::memcpy(frame + 6, from_mac, 6);
    put_big_endian(frame + 12, ETHERTYPE_IP, 2);
    uint8_t* ip = frame + kIp;
    ip[0] = 0x45;
    put_big_endian(ip + 2, slot_bytes() - kIp, 2);
    put_big_endian(ip + 6, 0x4000, 2);  // do not fragment
    ip[8] = 64;
    ip[9] = IPPROTO_UDP;
    std::memcpy(ip + 12, &source.address, 4);
    std::memcpy(ip + 16, &target.address, 4);
    put_big_endian(ip + 10, fold(sum(ip, 20)), 2);
    put_big_endian(frame + kUdp + 2, target.port, 2);
    put_big_endian(frame + kUdp + 4, slot_bytes() - kUdp, 2);
  }

  void finish_udp(uint8_t* frame, uint16_t source_port) {
    uint8_t* udp = frame + kUdp;
    size_t length = slot_bytes() - kUdp;
    put_big_endian(udp, source_port, 2);
    put_big_endian(udp + 6, 0, 2);
    uint32_t pseudo = sum(frame + kIp + 12, 8) + IPPROTO_UDP + static_cast<uint32_t>(length);
    uint16_t checksum = fold(pseudo + sum(udp, length));
    put_big_endian(udp + 6, checksum == 0 ? 0xffff : checksum, 2);  // RFC 768: 0 means no checksum
  }

  int socket_ = -1;
  uint16_t first_port_;
};

}  // namespace traffic
