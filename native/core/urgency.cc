#include "urgency.hh"

#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace hotclick::core {
namespace {

/// The flag tells it from a policy that somebody else has set, and keeps it from threads that this one might start.
constexpr int urgent = SCHED_FIFO | SCHED_RESET_ON_FORK;

}  // namespace

pid_t this_thread() {
  return static_cast<pid_t>(syscall(SYS_gettid));
}

void make_urgent(pid_t thread) {
  if (sched_getscheduler(thread) != SCHED_OTHER) return;
  const sched_param lowest{.sched_priority = 1};
  sched_setscheduler(thread, urgent, &lowest);
}

void make_ordinary(pid_t thread) {
  if (sched_getscheduler(thread) != urgent) return;
  const sched_param none{.sched_priority = 0};
  sched_setscheduler(thread, SCHED_OTHER, &none);
}

}  // namespace hotclick::core
