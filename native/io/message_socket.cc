#include "message_socket.hh"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace hotclick::io {
namespace {

constexpr int socket_kind = SOCK_SEQPACKET | SOCK_CLOEXEC;

std::string failed(const char* what) {
  return std::string(what) + ": " + strerror(errno);
}

bool address_of(const char* path, sockaddr_un& address, std::string& error) {
  address = {};
  address.sun_family = AF_UNIX;
  if (strlen(path) >= sizeof(address.sun_path)) {
    error = "the path of the socket is too long";
    return false;
  }
  strcpy(address.sun_path, path);
  return true;
}

bool wait_for(int socket, short events, int patience_ms, std::string& error) {
  pollfd p = {socket, events, 0};
  int ready;
  do {
    ready = poll(&p, 1, patience_ms);
  } while (ready < 0 && errno == EINTR);
  if (ready > 0) return true;
  error = ready == 0 ? "the other process does not answer" : failed("cannot wait for the other process");
  return false;
}

}  // namespace

bool make_message_pair(int sockets[2], std::string& error) {
  if (socketpair(AF_UNIX, socket_kind, 0, sockets) == 0) return true;
  error = failed("cannot make a pair of sockets");
  return false;
}

int connect_messages(const char* path, std::string& error) {
  sockaddr_un address;
  if (!address_of(path, address, error)) return -1;
  const int fd = socket(AF_UNIX, socket_kind, 0);
  if (fd >= 0 && connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0) return fd;
  error = failed("cannot connect");
  if (fd >= 0) close(fd);
  return -1;
}

int listen_for_messages(const char* path, std::string& error) {
  sockaddr_un address;
  if (!address_of(path, address, error)) return -1;
  const int fd = socket(AF_UNIX, socket_kind, 0);
  const mode_t mask = umask(0177);
  const bool bound = fd >= 0 && bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
  const int cause = errno;
  umask(mask);
  if (bound && listen(fd, 16) == 0) return fd;
  if (!bound) errno = cause;
  error = failed("cannot listen");
  if (fd >= 0) close(fd);
  return -1;
}

bool send_message(int socket, const void* data, size_t size, const int* files, size_t count, int patience_ms,
                  std::string& error) {
  if (size == 0 || size > most_message_bytes || count > most_message_files) {
    error = "a message of this size cannot be sent";
    return false;
  }
  iovec part = {const_cast<void*>(data), size};
  alignas(cmsghdr) char control[CMSG_SPACE(most_message_files * sizeof(int))] = {};
  msghdr header = {};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  if (count > 0) {
    header.msg_control = control;
    header.msg_controllen = CMSG_SPACE(count * sizeof(int));
    cmsghdr* c = CMSG_FIRSTHDR(&header);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(count * sizeof(int));
    memcpy(CMSG_DATA(c), files, count * sizeof(int));
  }
  for (;;) {
    if (sendmsg(socket, &header, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0) return true;
    if (errno == EINTR) continue;
    if (errno != EAGAIN) break;
    if (!wait_for(socket, POLLOUT, patience_ms, error)) return false;
  }
  error = failed("cannot send");
  return false;
}

bool receive_message(int socket, Message& message, int patience_ms, std::string& error) {
  error.clear();
  if (!wait_for(socket, POLLIN, patience_ms, error)) return false;
  message.data.resize(most_message_bytes);
  message.files.clear();
  iovec part = {message.data.data(), message.data.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(most_message_files * sizeof(int))] = {};
  msghdr header = {};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control;
  header.msg_controllen = sizeof(control);
  ssize_t size;
  do {
    size = recvmsg(socket, &header, MSG_CMSG_CLOEXEC);
  } while (size < 0 && errno == EINTR);
  if (size < 0) {
    error = failed("cannot receive");
    return false;
  }
  for (cmsghdr* c = CMSG_FIRSTHDR(&header); c; c = CMSG_NXTHDR(&header, c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
    const size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    const size_t before = message.files.size();
    message.files.resize(before + count);
    memcpy(message.files.data() + before, CMSG_DATA(c), count * sizeof(int));
  }
  message.data.resize(static_cast<size_t>(size));
  const bool cut = (header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0;
  if (size > 0 && !cut) return true;
  for (const int fd : message.files) close(fd);
  message.files.clear();
  if (cut) error = "a message was cut short: too many open files?";
  return false;
}

Peer peer_of(int socket) {
  ucred who = {};
  socklen_t size = sizeof(who);
  if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0) return {};
  return {who.pid, who.uid};
}

}  // namespace hotclick::io
