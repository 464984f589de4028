#include "fault_signals.hh"

#include <sys/syscall.h>
#include <unistd.h>

#include <mutex>

#include "fault_guard.hh"

namespace hotclick::core {
namespace {

/// Ignored by default, so that a late one does no harm when the handler has gone.
constexpr int interruption = SIGURG;
constexpr int handled[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, interruption};
constexpr size_t handlers = sizeof(handled) / sizeof(handled[0]);

std::mutex mutex;
uint32_t users = 0;
struct sigaction previous[handlers];
bool in_place[handlers];

// Not allocated when it is first looked at, which may be in a handler.
__attribute__((tls_model("initial-exec"))) thread_local FaultGuard* thread_guard = nullptr;

void pass_on(int signal, siginfo_t* info, void* context) {
  const struct sigaction* before = nullptr;
  for (size_t i = 0; i < handlers; ++i) {
    if (handled[i] == signal) before = &previous[i];
  }
  if (before->sa_flags & SA_SIGINFO) return before->sa_sigaction(signal, info, context);
  if (before->sa_handler == SIG_IGN) return;
  if (before->sa_handler != SIG_DFL) return before->sa_handler(signal);
  if (signal == interruption) return;
  // What would have happened without us: the instruction is tried again, or the signal comes again.
  struct sigaction standard = {};
  standard.sa_handler = SIG_DFL;
  sigaction(signal, &standard, nullptr);
  if (info->si_code <= 0) raise(signal);
}

void handle(int signal, siginfo_t* info, void* context) {
  FaultGuard* guard = thread_guard;
  if (signal == interruption && info->si_code == SI_QUEUE && info->si_value.sival_ptr != nullptr &&
      info->si_value.sival_ptr == guard) {
    guard->interrupted(context);
    return;
  }
  if (guard && signal != interruption && info->si_code > 0) guard->crashed(signal, info, context);
  pass_on(signal, info, context);
}

}  // namespace

void acquire_fault_signals() {
  const std::lock_guard lock(mutex);
  if (users++ != 0) return;
  for (size_t i = 0; i < handlers; ++i) {
    if (in_place[i]) continue;
    in_place[i] = true;
    struct sigaction ours = {};
    ours.sa_sigaction = handle;
    // Not blocked in its own handler: taking the backtrace of a broken stack may crash as well.
    ours.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER | SA_RESTART;
    sigaction(handled[i], &ours, &previous[i]);
  }
}

void release_fault_signals() {
  const std::lock_guard lock(mutex);
  if (--users != 0) return;
  for (size_t i = 0; i < handlers; ++i) {
    struct sigaction now = {};
    sigaction(handled[i], nullptr, &now);
    // Who came after us may lead to us: then ours stays.
    if (!(now.sa_flags & SA_SIGINFO) || now.sa_sigaction != handle) continue;
    sigaction(handled[i], &previous[i], nullptr);
    in_place[i] = false;
  }
}

void set_thread_guard(FaultGuard* guard) {
  thread_guard = guard;
}

void interrupt_thread(int32_t tid, FaultGuard* guard) {
  siginfo_t info = {};
  info.si_signo = interruption;
  info.si_code = SI_QUEUE;
  info.si_pid = getpid();
  info.si_uid = getuid();
  info.si_value.sival_ptr = guard;
  syscall(SYS_rt_tgsigqueueinfo, getpid(), tid, interruption, &info);
}

const char* signal_name(int signal) {
  switch (signal) {
    case SIGSEGV:
      return "SIGSEGV";
    case SIGBUS:
      return "SIGBUS";
    case SIGFPE:
      return "SIGFPE";
    case SIGILL:
      return "SIGILL";
    default:
      return "";
  }
}

}  // namespace hotclick::core
