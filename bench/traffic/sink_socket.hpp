// The socket of the sink: batches of datagrams with the time the kernel received each.
#pragma once

#include <arpa/inet.h>
#include <linux/sock_diag.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdint>

#include "process.hpp"
#include "stamp.hpp"

namespace traffic {

/// Most datagrams fetched by one call.
inline constexpr size_t kBatch = 256;

/// A bound UDP socket. Of each datagram only the first kStampBytes bytes are kept.
class Socket {
 public:
  Socket(const char* address, uint16_t port, int buffer) {
    descriptor_ = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (descriptor_ < 0) fail_errno("socket");
    if (setsockopt(descriptor_, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer) != 0) {
      setsockopt(descriptor_, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
    }
    int on = 1;
    if (setsockopt(descriptor_, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) != 0)
      fail_errno("SO_TIMESTAMPNS");
    sockaddr_in local{};
    local.sin_family = AF_INET;
    local.sin_port = htons(port);
    if (inet_pton(AF_INET, address, &local.sin_addr) != 1) fail(2, "--bind", "is not an IPv4 address");
    if (bind(descriptor_, reinterpret_cast<sockaddr*>(&local), sizeof local) != 0) fail_errno("--port");
    for (size_t i = 0; i < kBatch; ++i) vectors_[i] = {.iov_base = data_[i].data(), .iov_len = kStampBytes};
  }
  ~Socket() { close(descriptor_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  int descriptor() const { return descriptor_; }

  uint16_t port() const {
    sockaddr_in local{};
    socklen_t length = sizeof local;
    getsockname(descriptor_, reinterpret_cast<sockaddr*>(&local), &length);
    return ntohs(local.sin_port);
  }

  int buffer() const {
    int bytes = 0;
    socklen_t length = sizeof bytes;
    getsockopt(descriptor_, SOL_SOCKET, SO_RCVBUF, &bytes, &length);
    return bytes;
  }

  /// Packets this socket had no room for, since it was opened.
  uint32_t drops() const {
    uint32_t information[SK_MEMINFO_VARS] = {};
    socklen_t length = sizeof information;
    getsockopt(descriptor_, SOL_SOCKET, SO_MEMINFO, information, &length);
    return information[SK_MEMINFO_DROPS];
  }

  /// Fetches what is there, up to kBatch packets, and calls visit(data, length, realtime_ns) for each.
  template <typename Visit>
  size_t fetch(Visit visit) {
    for (size_t i = 0; i < kBatch; ++i) {
      messages_[i].msg_hdr = {};
      messages_[i].msg_hdr.msg_iov = &vectors_[i];
      messages_[i].msg_hdr.msg_iovlen = 1;
      messages_[i].msg_hdr.msg_control = control_[i].bytes;
      messages_[i].msg_hdr.msg_controllen = sizeof control_[i].bytes;
    }
    int count = recvmmsg(descriptor_, messages_.data(), kBatch, MSG_DONTWAIT, nullptr);
    for (int i = 0; i < count; ++i)
      visit(data_[i].data(), messages_[i].msg_len, timestamp(messages_[i].msg_hdr));
    return count < 0 ? 0 : static_cast<size_t>(count);
  }

 private:
  union Control {
    cmsghdr align;
    char bytes[CMSG_SPACE(sizeof(timespec))];
  };

  static uint64_t timestamp(msghdr& header) {
    for (cmsghdr* part = CMSG_FIRSTHDR(&header); part != nullptr; part = CMSG_NXTHDR(&header, part)) {
      if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_TIMESTAMPNS) continue;
      timespec at{};
      std::memcpy(&at, CMSG_DATA(part), sizeof at);
      return static_cast<uint64_t>(at.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(at.tv_nsec);
    }
    return clock_ns(CLOCK_REALTIME);
  }

  int descriptor_ = -1;
  std::array<std::array<uint8_t, kStampBytes>, kBatch> data_{};
  std::array<iovec, kBatch> vectors_{};
  std::array<mmsghdr, kBatch> messages_{};
  std::array<Control, kBatch> control_{};
};

}  // namespace traffic
