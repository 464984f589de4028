/// A process that keeps open files for an engine, so that they outlive it: devices with their rings, and the memory of
/// packets and state. It looks at none of them.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "../io/message_socket.hh"
#include "deposit.hh"
#include "protocol.hh"

namespace hotclick::holder {

class Holder {
 public:
  /// `listening`: where engines connect. `linger_ms`: so long it keeps what a dead engine has left.
  Holder(int listening, uint64_t linger_ms) : listening_(listening), linger_ms_(linger_ms) {}
  ~Holder();
  Holder(const Holder&) = delete;
  Holder& operator=(const Holder&) = delete;

  /// Until there is nobody to keep anything for, or it is told to stop.
  void run();

 private:
  struct Connection {
    int socket;
    io::Peer peer;
  };
  void accept_one();
  /// False when the connection is to be closed.
  bool serve(Connection& connection);
  bool answer(const Connection& connection, Operation operation, const std::string& text);
  bool answer_take(const Connection& connection);
  bool become_owner(const Connection& connection, pid_t from);
  void drop(size_t i);
  /// ms until it ends by itself; -1: not as long as nothing happens.
  int patience() const;

  int listening_;
  uint64_t linger_ms_;
  std::vector<Connection> connections_;
  int owner_ = -1;  // its socket
  pid_t owner_pid_ = 0;
  uint64_t alone_since_ = 0;  // monotonic ms since when there is no owner
  Deposit deposit_;
  bool stop_ = false;
};

}  // namespace hotclick::holder
