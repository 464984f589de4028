/// Messages between processes with open files in them: Unix sockets that keep the bounds of messages. Off the
/// packet path.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace hotclick::io {

/// Files of one message; the kernel takes 253.
constexpr size_t most_message_files = 250;
/// Bytes of one message.
constexpr size_t most_message_bytes = 64 << 10;

/// Bytes and open files. Received files are the receiver's to close.
struct Message {
  std::vector<uint8_t> data;
  std::vector<int> files;
};

/// Two sockets that are connected to each other; close-on-exec. False with `error`.
bool make_message_pair(int sockets[2], std::string& error);
/// -1 with `error`.
int connect_messages(const char* path, std::string& error);
/// A socket that listens at `path`, where nothing may be yet; only this user may connect. -1 with `error`.
int listen_for_messages(const char* path, std::string& error);

/// Waits for at most `patience_ms`. False with `error`; nothing was sent then.
bool send_message(int socket, const void* data, size_t size, const int* files, size_t count, int patience_ms,
                  std::string& error);
/// Waits for at most `patience_ms`. False with `error`, which is empty when the other side has closed.
bool receive_message(int socket, Message& message, int patience_ms, std::string& error);

/// Who is at the other end; uid -1 when that cannot be told.
struct Peer {
  pid_t pid = -1;
  uid_t uid = static_cast<uid_t>(-1);
};
Peer peer_of(int socket);

}  // namespace hotclick::io
