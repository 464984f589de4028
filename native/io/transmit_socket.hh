/// Sending frames on an AF_PACKET socket, many with one system call.
#pragma once
#include <sys/socket.h>

#include <hotclick/batch.hpp>

#include "interface.hh"

namespace hotclick::io {

class TransmitSocket {
 public:
  TransmitSocket();
  /// False with `error` set. The socket receives nothing. `bypass` goes past the kernel's queueing
  /// discipline.
  bool open(int interface_index, bool bypass, char* error);
  /// Goes on with a duplicate of another engine's socket; `interface_index` is what that one is bound to.
  bool adopt(int fd, int* interface_index, char* error);
  /// Points the socket at another incarnation of the interface.
  bool rebind(int interface_index);
  bool valid() const { return socket_.valid(); }
  int fd() const { return socket_.get(); }
  /// See hc_device.send. Frames that the interface never takes (too long, shorter than a link header) are
  /// given back to the pool too, counted in tx_errors and not in the result.
  uint32_t send(hc_shard* shard, hc_batch* batch, hc_device_stats* stats);

 private:
  FileDescriptor socket_;
  iovec frames_[HC_BATCH_CAPACITY] = {};
  mmsghdr messages_[HC_BATCH_CAPACITY] = {};
};

}  // namespace hotclick::io
