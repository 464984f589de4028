// The priority of the gap is taken and given back, and nobody else's is touched.
#include "urgency.hh"

#include <sched.h>

#include <thread>

#include "../test/unit.hpp"

using namespace hotclick::core;

TEST("urgency: a thread is urgent until it is ordinary again") {
  std::thread([] {
    make_ordinary(this_thread());
    CHECK_EQ(sched_getscheduler(0), SCHED_OTHER);
    make_urgent(this_thread());
    // Without the right to it a thread stays as it is.
    const int policy = sched_getscheduler(0);
    CHECK(policy == (SCHED_FIFO | SCHED_RESET_ON_FORK) || policy == SCHED_OTHER);
    make_ordinary(this_thread());
    CHECK_EQ(sched_getscheduler(0), SCHED_OTHER);
  }).join();
}

TEST("urgency: a policy that was set by somebody else stays") {
  std::thread([] {
    const sched_param none{.sched_priority = 0};
    CHECK_EQ(sched_setscheduler(0, SCHED_BATCH, &none), 0);
    make_urgent(this_thread());
    CHECK_EQ(sched_getscheduler(0), SCHED_BATCH);
    make_ordinary(this_thread());
    CHECK_EQ(sched_getscheduler(0), SCHED_BATCH);
  }).join();
}
