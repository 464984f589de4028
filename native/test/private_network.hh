/// A network namespace of the test's own with a pair of interfaces, for tests that need real devices. It is
/// left, and the kernel removes all in it, when the object goes.
#pragma once
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/rtnetlink.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <hotclick/net.hpp>
#include <string>

#include "../io/interface.hh"

namespace hotclick {

class PrivateNetwork {
 public:
  /// Makes the namespace with interfaces `left` and `right`, up, without IPv6. As an ordinary user it needs a
  /// kernel that gives user namespaces. `ready()` tells whether it worked.
  PrivateNetwork() {
    home_ = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    const int flags = CLONE_NEWNET | (geteuid() == 0 ? 0 : CLONE_NEWUSER);
    ready_ = unshare(flags) == 0 && add_pair();
  }
  ~PrivateNetwork() {
    if (setns(home_, CLONE_NEWNET) != 0)
      std::abort();  // the tests after this one would run in the wrong place
    close(home_);
  }
  PrivateNetwork(const PrivateNetwork&) = delete;
  PrivateNetwork& operator=(const PrivateNetwork&) = delete;

  bool ready() const { return ready_; }
  /// Runs `ip` with these arguments; true when it worked.
  bool ip(const std::string& arguments) { return std::system(("ip " + arguments).c_str()) == 0; }
  bool add_pair() {
    return ip("link add left type veth peer name right") &&
           std::system(
               "for i in left right; do echo 1 > /proc/sys/net/ipv6/conf/$i/disable_ipv6; done 2>/dev/null; "
               "true") == 0 &&
           bring_up();
  }

 private:
  /// The kernel says that a link runs when it gets to it, up to a second after both ends are up.
  bool bring_up() {
    sockaddr_nl address = {};
    address.nl_family = AF_NETLINK;
    address.nl_groups = RTMGRP_LINK;
    const int changes = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    const timeval patience = {10, 0};
    setsockopt(changes, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    bool good = bind(changes, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0 &&
                ip("link set left up") && ip("link set right up");
    char message[8192];
    while (good && !(runs("left") && runs("right"))) good = recv(changes, message, sizeof(message), 0) > 0;
    close(changes);
    return good;
  }
  static bool runs(const char* interface) {
    const int asking = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const bool running = io::InterfaceView(asking, interface).running();
    close(asking);
    return running;
  }

  int home_ = -1;
  bool ready_ = false;
};

/// A plain packet socket that sends and receives single frames on an interface.
class FrameSocket {
 public:
  explicit FrameSocket(const char* interface) : fd_(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0)) {
    sockaddr_ll address = {};
    address.sll_family = AF_PACKET;
    address.sll_protocol = net16(ETH_P_ALL);
    address.sll_ifindex = static_cast<int>(if_nametoindex(interface));
    const timeval patience = {5, 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    const int ignore = 1, buffer = 16 << 20;
    setsockopt(fd_, SOL_PACKET, PACKET_IGNORE_OUTGOING, &ignore, sizeof(ignore));
    setsockopt(fd_, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof(buffer));
    bound_ = bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
  }
  ~FrameSocket() { close(fd_); }
  FrameSocket(const FrameSocket&) = delete;
  FrameSocket& operator=(const FrameSocket&) = delete;

  bool bound() const { return bound_; }
  bool send(const std::string& frame) {
    return ::send(fd_, frame.data(), frame.size(), 0) == static_cast<ssize_t>(frame.size());
  }
  /// The next frame; empty when none comes within five seconds.
  std::string receive() {
    char buffer[2048];
    const ssize_t n = recv(fd_, buffer, sizeof(buffer), 0);
    return std::string(buffer, n > 0 ? static_cast<size_t>(n) : 0);
  }

 private:
  int fd_;
  bool bound_ = false;
};

}  // namespace hotclick
