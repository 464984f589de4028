/// Questions about a network interface, asked by ioctl through any socket of its network namespace.
#pragma once
#include <net/if.h>
#include <stdint.h>
#include <unistd.h>

#include <utility>

namespace hotclick::io {

/// Owns a file descriptor.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    if (this != &other) {
      reset();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  ~FileDescriptor() { reset(); }
  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  void reset() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

 private:
  int fd_ = -1;
};

/// One interface by name. Every call is a system call: never on the packet path.
class InterfaceView {
 public:
  InterfaceView(int socket, const char* name);
  /// 0 when there is no interface of that name.
  int index() const;
  /// Administratively up and with a carrier.
  bool running() const;
  /// Administratively up.
  bool up() const;
  /// False for tun, ppp and tunnels that carry bare IP.
  bool has_ethernet_header() const;
  /// Zeros when it is not an Ethernet interface.
  void mac(uint8_t address[6]) const;
  /// First address in network order, 0 when there is none.
  uint32_t ipv4() const;
  uint16_t mtu() const;

 private:
  bool ask(unsigned long request, ifreq& answer) const;
  int flags() const;

  int socket_;
  char name_[IFNAMSIZ] = {};
};

}  // namespace hotclick::io
