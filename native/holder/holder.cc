#include "holder.hh"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>

namespace hotclick::holder {
namespace {

/// ms that an engine may take to read an answer.
constexpr int answer_patience = 1000;
/// ms in which the first engine, or the next one after a clean end, has to come.
constexpr uint64_t empty_linger_ms = 5000;
constexpr size_t most_connections = 64;

uint64_t monotonic_ms() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<uint64_t>(t.tv_sec) * 1000 + static_cast<uint64_t>(t.tv_nsec) / 1'000'000;
}

void close_files(io::Message& message) {
  for (const int fd : message.files) close(fd);
  message.files.clear();
}

}  // namespace

Holder::~Holder() {
  for (const Connection& c : connections_) close(c.socket);
}

void Holder::run() {
  alone_since_ = monotonic_ms();
  while (!stop_) {
    std::vector<pollfd> fds = {{listening_, POLLIN, 0}};
    for (const Connection& c : connections_) fds.push_back({c.socket, POLLIN, 0});
    const int ready = poll(fds.data(), fds.size(), patience());
    if (ready < 0 && errno != EINTR) return;
    if (ready == 0 && patience() == 0) return;
    // From the back: connections that end leave the places before them as they are.
    for (size_t i = connections_.size(); i-- > 0;) {
      if (fds[i + 1].revents != 0 && !serve(connections_[i])) drop(i);
    }
    if (fds[0].revents != 0) accept_one();
  }
}

int Holder::patience() const {
  if (owner_ >= 0) return -1;
  const uint64_t limit = deposit_.files().empty() ? empty_linger_ms : linger_ms_;
  const uint64_t alone = monotonic_ms() - alone_since_;
  return alone >= limit ? 0 : static_cast<int>(std::min<uint64_t>(limit - alone, 60'000));
}

void Holder::accept_one() {
  const int socket = accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC);
  if (socket < 0) return;
  const io::Peer peer = io::peer_of(socket);
  // The file's mode keeps others out already; root may do everything.
  if ((peer.uid != geteuid() && peer.uid != 0) || connections_.size() >= most_connections) {
    close(socket);
    return;
  }
  connections_.push_back({socket, peer});
}

void Holder::drop(size_t i) {
  const int socket = connections_[i].socket;
  connections_.erase(connections_.begin() + static_cast<std::ptrdiff_t>(i));
  close(socket);
  if (socket != owner_) return;
  owner_ = -1;
  owner_pid_ = 0;
  alone_since_ = monotonic_ms();
  deposit_.forget_parts();
}

bool Holder::serve(Connection& connection) {
  io::Message message;
  std::string error;
  if (!io::receive_message(connection.socket, message, 0, error)) return false;
  Header header = {};
  if (message.data.size() >= sizeof(header)) memcpy(&header, message.data.data(), sizeof(header));
  if (header.magic != protocol_magic) {
    close_files(message);
    answer(connection, Operation::refused, "this is not the holder's language");
    return false;
  }
  const auto operation = static_cast<Operation>(header.operation);
  const bool is_owner = connection.socket == owner_;
  if (!is_owner && (operation == Operation::put || operation == Operation::clear)) {
    close_files(message);
    return answer(connection, Operation::refused, "only the engine that it keeps files for may do that");
  }
  if (operation == Operation::put) {
    switch (deposit_.put(header.count, header.first, message.files)) {
      case Deposit::Put::complete:
        return answer(connection, Operation::done, "");
      case Deposit::Put::more:
        return true;
      case Deposit::Put::refused:
        return answer(connection, Operation::refused, "these are not the files that were announced");
    }
  }
  close_files(message);
  switch (operation) {
    case Operation::own:
      return become_owner(connection, static_cast<pid_t>(header.count));
    case Operation::take:
      return answer_take(connection);
    case Operation::clear:
      deposit_.clear();
      return answer(connection, Operation::done, "");
    case Operation::status:
      return answer(connection, Operation::done,
                    "{\"pid\":" + std::to_string(getpid()) + ",\"engine\":" + std::to_string(owner_pid_) +
                        ",\"files\":" + std::to_string(deposit_.files().size()) + "}");
    case Operation::stop:
      stop_ = true;
      return answer(connection, Operation::done, "");
    default:
      return answer(connection, Operation::refused, "it does not know that operation");
  }
}

bool Holder::become_owner(const Connection& connection, pid_t from) {
  if (owner_ >= 0 && owner_ != connection.socket && owner_pid_ != from) {
    return answer(connection, Operation::refused,
                  "it keeps the files of process " + std::to_string(owner_pid_) + ", which runs");
  }
  owner_ = connection.socket;
  owner_pid_ = connection.peer.pid;
  return answer(connection, Operation::done, "");
}

bool Holder::answer_take(const Connection& connection) {
  const std::vector<int>& files = deposit_.files();
  std::string error;
  for (size_t first = 0; first < files.size(); first += io::most_message_files) {
    const size_t part = std::min(io::most_message_files, files.size() - first);
    const Header header = {protocol_magic, static_cast<uint32_t>(Operation::part),
                           static_cast<uint32_t>(files.size()), static_cast<uint32_t>(first)};
    if (!io::send_message(connection.socket, &header, sizeof(header), files.data() + first, part,
                          answer_patience, error)) {
      return false;
    }
  }
  return answer(connection, Operation::done, "");
}

bool Holder::answer(const Connection& connection, Operation operation, const std::string& text) {
  const Header header = {protocol_magic, static_cast<uint32_t>(operation), 0, 0};
  std::vector<uint8_t> bytes(sizeof(header) + text.size());
  memcpy(bytes.data(), &header, sizeof(header));
  memcpy(bytes.data() + sizeof(header), text.data(), text.size());
  std::string error;
  return io::send_message(connection.socket, bytes.data(), bytes.size(), nullptr, 0, answer_patience, error);
}

}  // namespace hotclick::holder
