/// The process's handlers for the signals that code raises when it crashes, and for the one that interrupts code
/// that does not come to its end.
///
/// They are there only while an upgrade is watched, and in front of whatever was there before (V8 has its own for
/// WebAssembly): what is not the guard's of the thread it happens in goes on to those.
#pragma once
#include <csignal>
#include <cstdint>

namespace hotclick::core {

class FaultGuard;

/// Puts the handlers in place; as many calls of release_fault_signals() take them away again. Any thread.
void acquire_fault_signals();
void release_fault_signals();

/// The guard that takes care of faults in this thread; null for none.
void set_thread_guard(FaultGuard* guard);

/// Interrupts the thread `tid`, so that `guard` has a look at what it is doing.
void interrupt_thread(int32_t tid, FaultGuard* guard);

/// 'SIGSEGV' and so on.
const char* signal_name(int signal);

}  // namespace hotclick::core
