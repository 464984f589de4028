// Child processes that begin without a copy of this one's page tables.
#include <fcntl.h>
#include <napi.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "engine_object.hh"
#include "throw.hh"

namespace hotclick::addon {
namespace {

std::vector<std::string> strings_of(const Napi::Value& value) {
  const auto array = value.As<Napi::Array>();
  std::vector<std::string> strings;
  for (uint32_t i = 0; i < array.Length(); ++i) strings.push_back(array.Get(i).As<Napi::String>());
  return strings;
}

std::vector<char*> pointers_to(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (std::string& s : strings) pointers.push_back(s.data());
  pointers.push_back(nullptr);
  return pointers;
}

/// Descriptor i of the child is `descriptors[i]` of this process, or /dev/null for -1. Signals are as for a new
/// program.
int spawn(std::vector<std::string>& arguments, std::vector<std::string>& environment,
          const std::vector<int>& descriptors, pid_t& pid) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  for (int i = 0; i < static_cast<int>(descriptors.size()); ++i) {
    const int from = descriptors[static_cast<size_t>(i)];
    if (from < 0) {
      posix_spawn_file_actions_addopen(&actions, i, "/dev/null", O_RDWR, 0);
    } else {
      posix_spawn_file_actions_adddup2(&actions, from, i);
    }
  }
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  const int error = posix_spawnp(&pid, arguments[0].c_str(), &actions, &attributes,
                                 pointers_to(arguments).data(), pointers_to(environment).data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return error;
}

/// spawnProgram(arguments, environment, descriptors) → its number.
Napi::Value spawn_program(const Napi::CallbackInfo& info) {
  std::vector<std::string> arguments = strings_of(info[0]), environment = strings_of(info[1]);
  const auto array = info[2].As<Napi::Array>();
  std::vector<int> descriptors;
  for (uint32_t i = 0; i < array.Length(); ++i)
    descriptors.push_back(array.Get(i).As<Napi::Number>().Int32Value());
  pid_t pid = 0;
  const int error = spawn(arguments, environment, descriptors, pid);
  if (error != 0) return throw_error(info.Env(), error == ENOENT ? "ENOENT" : "HC_INTERNAL", strerror(error));
  return Napi::Number::New(info.Env(), pid);
}

/// waitForProgram(pid, done): calls done(status, signal) when it has ended; one of them is null.
Napi::Value wait_for_program(const Napi::CallbackInfo& info) {
  const pid_t pid = info[0].As<Napi::Number>().Int32Value();
  auto tell = Napi::ThreadSafeFunction::New(info.Env(), info[1].As<Napi::Function>(), "program", 0, 1);
  std::thread([pid, tell]() mutable {
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    const napi_status told = tell.BlockingCall([status](Napi::Env env, Napi::Function done) {
      const bool by_signal = WIFSIGNALED(status);
      const auto number = Napi::Number::New(env, by_signal ? WTERMSIG(status) : WEXITSTATUS(status));
      if (by_signal)
        done.Call({env.Null(), number});
      else
        done.Call({number, env.Null()});
    });
    if (told != napi_closing) tell.Release();
  }).detach();
  return info.Env().Undefined();
}

/// socketPair() → two connected stream sockets that no child inherits by itself.
Napi::Value socket_pair(const Napi::CallbackInfo& info) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    return throw_error(info.Env(), "HC_INTERNAL", strerror(errno));
  auto result = Napi::Array::New(info.Env(), 2);
  for (uint32_t i = 0; i < 2; ++i) result.Set(i, Napi::Number::New(info.Env(), ends[i]));
  return result;
}

}  // namespace

void define_spawn(Napi::Env env, Napi::Object exports) {
  exports.Set("spawnProgram", Napi::Function::New(env, spawn_program));
  exports.Set("waitForProgram", Napi::Function::New(env, wait_for_program));
  exports.Set("socketPair", Napi::Function::New(env, socket_pair));
}

}  // namespace hotclick::addon
