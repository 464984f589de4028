// What generator and sink share as programs: options, clocks, the stop signal, pinning.
#pragma once

#include <sched.h>
#include <signal.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

namespace traffic {

/// Ends the program with a message. Status 2 is for arguments, 1 for what the system refused.
[[noreturn]] inline void fail(int status, const char* what, const char* detail) {
  std::fprintf(stderr, "%s: %s\n", what, detail);
  std::exit(status);
}

[[noreturn]] inline void fail_errno(const char* what) {
  fail(1, what, std::strerror(errno));
}

/// The command line: `--name value` pairs and `--name` flags. Every option must be asked for before finish(),
/// which rejects what nobody asked for.
class Options {
 public:
  Options(int argc, char** argv) : argc_(argc), argv_(argv) {
    if (argc > kMost) fail(2, argv[0], "too many arguments");
  }

  bool flag(const char* name) {
    int at = find(name);
    if (at > 0) used_[at] = true;
    return at > 0;
  }

  const char* text(const char* name, const char* otherwise) {
    int at = find(name);
    if (at < 0) return otherwise;
    if (at + 1 >= argc_) fail(2, name, "needs a value");
    used_[at] = used_[at + 1] = true;
    return argv_[at + 1];
  }

  const char* required(const char* name) {
    const char* value = text(name, nullptr);
    if (value == nullptr) fail(2, name, "is required");
    return value;
  }

  /// A decimal number between least and most.
  double number(const char* name, double otherwise, double least, double most) {
    const char* value = text(name, nullptr);
    if (value == nullptr) return otherwise;
    char* end = nullptr;
    double result = std::strtod(value, &end);
    if (end == value || *end != '\0' || !(result >= least && result <= most)) {
      std::fprintf(stderr, "%s: '%s' is not a number from %.0f to %.0f\n", name, value, least, most);
      std::exit(2);
    }
    return result;
  }

  void finish() const {
    for (int i = 1; i < argc_; ++i) {
      if (!used_[i]) fail(2, argv_[i], "unknown argument");
    }
  }

 private:
  static constexpr int kMost = 64;

  int find(const char* name) const {
    for (int i = 1; i < argc_; ++i) {
      if (!used_[i] && std::strcmp(argv_[i], name) == 0) return i;
    }
    return -1;
  }

  int argc_;
  char** argv_;
  bool used_[kMost] = {};
};

inline uint64_t clock_ns(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

/// Set by SIGTERM and SIGINT once catch_stop_signals() was called.
inline volatile sig_atomic_t stop_requested = 0;

inline void catch_stop_signals() {
  struct sigaction action {};
  action.sa_handler = [](int) { stop_requested = 1; };
  sigaction(SIGTERM, &action, nullptr);
  sigaction(SIGINT, &action, nullptr);
}

/// Keeps the calling thread on one processor; a negative number leaves it free.
inline void pin_to_cpu(int cpu) {
  if (cpu < 0) return;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<size_t>(cpu), &set);
  if (sched_setaffinity(0, sizeof set, &set) != 0) fail_errno("--cpu");
}

}  // namespace traffic
