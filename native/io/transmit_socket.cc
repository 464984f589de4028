#include "transmit_socket.hh"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <string.h>

#include "device_options.hh"

namespace hotclick::io {
namespace {

/// Room for bursts on interfaces that hold frames until the hardware has sent them.
constexpr int send_buffer_bytes = 4 << 20;

/// Errors about one frame; the others are about the socket or the interface.
bool concerns_frame(int error) {
  return error == EMSGSIZE || error == EINVAL || error == EFAULT || error == EPERM;
}

}  // namespace

TransmitSocket::TransmitSocket() {
  for (uint32_t i = 0; i < HC_BATCH_CAPACITY; ++i) {
    messages_[i].msg_hdr.msg_iov = &frames_[i];
    messages_[i].msg_hdr.msg_iovlen = 1;
  }
}

bool TransmitSocket::open(int interface_index, bool bypass, char* error) {
  socket_ = FileDescriptor(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket_.valid()) {
    set_error(error, "cannot open a packet socket: %s%s", strerror(errno),
              errno == EPERM ? " (needs root or the capability CAP_NET_RAW)" : "");
    return false;
  }
  const int on = 1;
  if (bypass && setsockopt(fd(), SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof(on)) != 0) {
    set_error(error, "cannot bypass the queueing discipline: %s", strerror(errno));
    return false;
  }
  if (setsockopt(fd(), SOL_SOCKET, SO_SNDBUFFORCE, &send_buffer_bytes, sizeof(send_buffer_bytes)) != 0) {
    // Not allowed: as much as the system's limit gives. A smaller buffer costs speed, not packets.
    setsockopt(fd(), SOL_SOCKET, SO_SNDBUF, &send_buffer_bytes, sizeof(send_buffer_bytes));
  }
  if (!rebind(interface_index)) {
    set_error(error, "cannot bind a packet socket: %s", strerror(errno));
    return false;
  }
  return true;
}

bool TransmitSocket::adopt(int fd, int* interface_index, char* error) {
  socket_ = FileDescriptor(fcntl(fd, F_DUPFD_CLOEXEC, 3));
  sockaddr_ll address = {};
  socklen_t size = sizeof(address);
  if (!socket_.valid() || getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0 ||
      address.sll_family != AF_PACKET) {
    set_error(error, "descriptor %d is no packet socket to send on", fd);
    return false;
  }
  *interface_index = address.sll_ifindex;
  return true;
}

bool TransmitSocket::rebind(int interface_index) {
  sockaddr_ll address = {};
  address.sll_family = AF_PACKET;
  address.sll_ifindex = interface_index;  // protocol 0: receives nothing
  return bind(fd(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
}

uint32_t TransmitSocket::send(hc_shard* shard, hc_batch* batch, hc_device_stats* stats) {
  const uint32_t count = batch->count;
  for (uint32_t i = 0; i < count; ++i) frames_[i] = {batch->packets[i]->data, batch->packets[i]->length};
  uint32_t done = 0, refused = 0;
  while (done < count) {
    const int sent = sendmmsg(fd(), messages_ + done, count - done, MSG_DONTWAIT);
    if (HC_LIKELY(sent > 0)) {
      for (int i = 0; i < sent; ++i)
        stats->tx_bytes += batch->packets[done + static_cast<uint32_t>(i)]->length;
      done += static_cast<uint32_t>(sent);
    } else if (concerns_frame(errno)) {
      ++refused;
      ++done;
    } else if (errno != EINTR) {
      break;  // no room (EAGAIN, ENOBUFS), or the interface is down or gone: the rest stays with the caller
    }
  }
  if (done == 0) return 0;
  release_packets(shard, batch->packets, done);
  batch->count = count - done;
  memmove(batch->packets, batch->packets + done, batch->count * sizeof(batch->packets[0]));
  stats->tx_packets += done - refused;
  stats->tx_errors += refused;
  return done - refused;
}

}  // namespace hotclick::io
