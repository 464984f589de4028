/// A real-time priority for the moment in which a shard swaps, or in which the shards of an engine stand still.
///
/// A shard that waits for a processor in that time waits for as long as another program is let run, and in a handover
/// keeps all others waiting: milliseconds on a busy machine. Where the process may not have the priority
/// (CAP_SYS_NICE, RLIMIT_RTPRIO) nothing is different but that. A thread that an administrator gave a policy of its own
/// (chrt) is left alone. New code that loops in start() has it too, until the watch ends it: the kernel leaves others
/// 5 % of the time (sched_rt_runtime_us).
#pragma once
#include <sys/types.h>

namespace hotclick::core {

/// The calling thread's id, for the two below.
pid_t this_thread();

/// The thread runs before all that have an ordinary priority, until make_ordinary() or its end.
void make_urgent(pid_t thread);

/// Takes back make_urgent(), and only that.
void make_ordinary(pid_t thread);

}  // namespace hotclick::core
