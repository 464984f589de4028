// Open files on their way to other processes: to a successor, to a holder, to the service manager.
#include "message_functions.hh"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "../io/message_socket.hh"
#include "throw.hh"

namespace hotclick::addon {
namespace {
using namespace io;

constexpr const char* code = "HC_SUCCESSION";

std::vector<int> files_of(const Napi::Value& value) {
  std::vector<int> files;
  if (!value.IsArray()) return files;
  const auto list = value.As<Napi::Array>();
  for (uint32_t i = 0; i < list.Length(); ++i) files.push_back(list.Get(i).ToNumber().Int32Value());
  return files;
}

int number(const Napi::CallbackInfo& info, size_t i) {
  return info[i].ToNumber().Int32Value();
}

/// messagePair() → two sockets
Napi::Value message_pair(const Napi::CallbackInfo& info) {
  int sockets[2];
  std::string error;
  if (!make_message_pair(sockets, error)) return throw_error(info.Env(), code, error);
  auto pair = Napi::Array::New(info.Env(), 2);
  for (uint32_t i = 0; i < 2; ++i) pair.Set(i, sockets[i]);
  return pair;
}

/// connectMessages(path) → a socket
Napi::Value connect_to(const Napi::CallbackInfo& info) {
  std::string error;
  const std::string path = info[0].As<Napi::String>();
  const int fd = connect_messages(path.c_str(), error);
  if (fd < 0) return throw_error(info.Env(), code, error);
  return Napi::Number::New(info.Env(), fd);
}

/// sendMessage(socket, data, files, patience in ms)
Napi::Value send(const Napi::CallbackInfo& info) {
  const auto data = info[1].As<Napi::Uint8Array>();
  const auto files = files_of(info[2]);
  std::string error;
  if (!send_message(number(info, 0), data.Data(), data.ByteLength(), files.data(), files.size(),
                    number(info, 3), error)) {
    return throw_error(info.Env(), code, error);
  }
  return info.Env().Undefined();
}

/// receiveMessage(socket, patience in ms) → { data, files }, or null when the other side has closed
Napi::Value receive(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Message message;
  std::string error;
  if (!receive_message(number(info, 0), message, number(info, 1), error)) {
    return error.empty() ? env.Null() : throw_error(env, code, error);
  }
  auto files = Napi::Array::New(env, message.files.size());
  for (uint32_t i = 0; i < message.files.size(); ++i) files.Set(i, message.files[i]);
  auto o = Napi::Object::New(env);
  o.Set("data", Napi::Buffer<uint8_t>::Copy(env, message.data.data(), message.data.size()));
  o.Set("files", files);
  return o;
}

/// peerOf(socket) → { pid, uid }
Napi::Value peer(const Napi::CallbackInfo& info) {
  const Peer who = peer_of(number(info, 0));
  auto o = Napi::Object::New(info.Env());
  o.Set("pid", who.pid);
  o.Set("uid", static_cast<double>(who.uid));
  return o;
}

/// memoryFile(name, data) → a file without a name in the file system that holds these bytes
Napi::Value memory_file(const Napi::CallbackInfo& info) {
  const std::string name = info[0].As<Napi::String>();
  const auto data = info[1].As<Napi::Uint8Array>();
  const int fd = memfd_create(name.c_str(), MFD_CLOEXEC);
  size_t done = 0;
  while (fd >= 0 && done < data.ByteLength()) {
    const ssize_t n = write(fd, data.Data() + done, data.ByteLength() - done);
    if (n < 0 && errno != EINTR) break;
    if (n > 0) done += static_cast<size_t>(n);
  }
  if (fd >= 0 && done == data.ByteLength()) return Napi::Number::New(info.Env(), fd);
  const std::string error = strerror(errno);
  if (fd >= 0) close(fd);
  return throw_error(info.Env(), code, "cannot make a memory file: " + error);
}

/// duplicate(file) → another descriptor of it
Napi::Value duplicate(const Napi::CallbackInfo& info) {
  const int fd = fcntl(number(info, 0), F_DUPFD_CLOEXEC, 3);
  if (fd < 0)
    return throw_error(info.Env(), code, std::string("cannot keep a file open: ") + strerror(errno));
  return Napi::Number::New(info.Env(), fd);
}

/// notifyService(path, text, files): a datagram to the service manager; a path that begins with @ is abstract.
Napi::Value notify_service(const Napi::CallbackInfo& info) {
  const std::string path = info[0].As<Napi::String>(), text = info[1].As<Napi::String>();
  const auto files = files_of(info[2]);
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  std::string error = "the path is too long";
  if (path.size() < sizeof(address.sun_path)) {
    memcpy(address.sun_path, path.data(), path.size());
    if (path[0] == '@') address.sun_path[0] = '\0';
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
    const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool sent = fd >= 0 && connect(fd, reinterpret_cast<sockaddr*>(&address), size) == 0;
    if (!sent) error = strerror(errno);
    sent = sent && send_message(fd, text.data(), text.size(), files.data(), files.size(), 1000, error);
    if (fd >= 0) close(fd);
    if (sent) return info.Env().Undefined();
  }
  return throw_error(info.Env(), code, "the service manager cannot be told: " + error);
}

}  // namespace

void define_message_functions(Napi::Env env, Napi::Object exports) {
  exports.Set("messagePair", Napi::Function::New(env, message_pair));
  exports.Set("connectMessages", Napi::Function::New(env, connect_to));
  exports.Set("sendMessage", Napi::Function::New(env, send));
  exports.Set("receiveMessage", Napi::Function::New(env, receive));
  exports.Set("peerOf", Napi::Function::New(env, peer));
  exports.Set("memoryFile", Napi::Function::New(env, memory_file));
  exports.Set("duplicate", Napi::Function::New(env, duplicate));
  exports.Set("notifyService", Napi::Function::New(env, notify_service));
}

}  // namespace hotclick::addon
