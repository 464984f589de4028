#include "fault_guard.hh"

#include <dlfcn.h>
#include <execinfo.h>
#include <link.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "clock.hh"
#include "fault_signals.hh"
#include "packet_pool.hh"
#include "shard_graph.hh"
#include "swap_code.hh"

namespace hotclick::core {
namespace {

constexpr size_t signal_stack_size = 64u << 10;  // the unwinder wants about 10 KB
/// Looks at a loop that does not end before code other than the new version's is interrupted, and before code
/// is that is no element's at all: what other code was in the middle of is not known to be harmless.
constexpr uint32_t looks_at_new_code = 20, looks_at_elements = 40;

struct Registers {
  uintptr_t pc, sp;
  const uintptr_t* values;
  uint32_t count;
};

Registers registers_of(void* context) {
  auto& machine = static_cast<ucontext_t*>(context)->uc_mcontext;
#if defined(__x86_64__)
  const auto* values = reinterpret_cast<const uintptr_t*>(machine.gregs);
  return {values[REG_RIP], values[REG_RSP], values, REG_RIP};  // what comes behind are no addresses
#elif defined(__aarch64__)
  return {machine.pc, machine.sp, reinterpret_cast<const uintptr_t*>(machine.regs), 31};
#endif
}

/// The code of the core itself.
struct CoreCode {
  uintptr_t begin = 0, size = 0;
  CoreCode() {
    dl_iterate_phdr(
        [](dl_phdr_info* info, size_t, void* to) {
          const auto here = reinterpret_cast<uintptr_t>(&monotonic);
          for (uint32_t i = 0; i < info->dlpi_phnum; ++i) {
            const auto& p = info->dlpi_phdr[i];
            if (p.p_type != PT_LOAD || here - (info->dlpi_addr + p.p_vaddr) >= p.p_memsz) continue;
            static_cast<CoreCode*>(to)->begin = info->dlpi_addr + p.p_vaddr;
            static_cast<CoreCode*>(to)->size = p.p_memsz;
            return 1;
          }
          return 0;
        },
        this);
  }
};
const CoreCode& core_code() {
  static const CoreCode code;
  return code;
}

}  // namespace

void FaultGuard::enter_thread(const PacketPool& pool, uint32_t shard) {
  loop_frame_ = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
  if (tid_.load(std::memory_order_relaxed) != 0) return;
  pool_ = &pool;
  shard_ = shard;
  signal_stack_.resize(signal_stack_size);
  stack_t stack = {};
  stack.ss_sp = signal_stack_.data();
  stack.ss_size = signal_stack_.size();
  sigaltstack(&stack, &stack_before_);
  pthread_getcpuclockid(pthread_self(), &cpu_clock_);
  core_code();
  void* warm[2];
  backtrace(warm, 2);  // its first call may allocate
  set_thread_guard(this);
  tid_.store(static_cast<int32_t>(syscall(SYS_gettid)), std::memory_order_release);
}

void FaultGuard::leave_thread() {
  if (tid_.exchange(0) == 0) return;
  set_thread_guard(nullptr);
  sigaltstack(&stack_before_, nullptr);
}

HC_SWAP_CODE void FaultGuard::watch(std::shared_ptr<ShardGraph> newer, std::shared_ptr<ShardGraph> older) {
  newer_ = std::move(newer);
  older_ = std::move(older);
  has_evidence_ = false;
  set_stage(Stage::watching);
}

void FaultGuard::forget() {
  newer_.reset();
  older_.reset();
}

bool FaultGuard::is_of_newer_alone(uintptr_t pc) const {
  return newer_->find_code(pc) && !older_->find_code(pc);
}

bool FaultGuard::may_interrupt(uintptr_t pc) const {
  if (is_of_newer_alone(pc)) return true;
  const uint32_t attempts = attempts_.load(std::memory_order_relaxed);
  if (attempts <= looks_at_new_code) return false;
  if (newer_->find_code(pc)) return true;
  return attempts > looks_at_elements && pc - core_code().begin >= core_code().size;
}

void FaultGuard::crashed(int signal, const siginfo_t* info, void* context) {
  if (gathering_) siglongjmp(after_gathering_, 1);
  if (!inside()) return;
  switch (stage()) {
    case Stage::off:
      return;
    case Stage::watching:
    case Stage::returning:
      gather(signal, reinterpret_cast<uintptr_t>(info->si_addr), context);
      break;
    case Stage::returned:
      if (!is_of_newer_alone(registers_of(context).pc)) return;
      break;
  }
  jump();
}

void FaultGuard::interrupted(void* context) {
  if (!inside() || waiting_.load(std::memory_order_relaxed)) return;
  const uintptr_t pc = registers_of(context).pc;
  if (attempts_.load(std::memory_order_relaxed) == 0) return;  // it has moved on meanwhile
  switch (stage()) {
    case Stage::off:
      return;
    case Stage::watching:
      if (!may_interrupt(pc)) return;
      gather(0, 0, context);
      break;
    case Stage::returning:
    case Stage::returned:
      if (!is_of_newer_alone(pc)) return;
      break;
  }
  jump();
}

void FaultGuard::jump() {
  inside_.store(false, std::memory_order_relaxed);
  siglongjmp(point, 1);
}

void FaultGuard::gather(int signal, uintptr_t address, void* context) {
  if (has_evidence_) return;  // the first fault is the one to tell of
  has_evidence_ = true;
  const Registers r = registers_of(context);
  FaultEvidence& e = evidence_;
  e.signal = signal;
  e.at = monotonic();
  e.address = address;
  e.pc = r.pc;
  e.sp = r.sp;
  e.registers = r.count;
  e.frames = e.words = e.packet_length = e.packet_bytes = 0;
  for (uint32_t i = 0; i < r.count; ++i) e.register_values[i] = r.values[i];
  // Each of these may meet memory that is not there; what was found until then counts.
  gathering_ = true;
  if (sigsetjmp(after_gathering_, 0) == 0) take_stack(r.sp);
  if (sigsetjmp(after_gathering_, 0) == 0) take_packet();
  if (sigsetjmp(after_gathering_, 0) == 0) {
    const int n = backtrace(e.frame_addresses, FaultEvidence::most_frames);
    e.frames = n > 0 ? static_cast<uint32_t>(n) : 0;
  }
  gathering_ = false;
}

/// Reads the stack as it lies, whatever its words belong to: nothing for the address sanitizer to judge.
__attribute__((no_sanitize("address"))) void FaultGuard::take_stack(uintptr_t sp) {
  const uintptr_t end = loop_frame_;
  if ((sp & 7) != 0 || sp >= end) return;
  const auto* words = reinterpret_cast<const uintptr_t*>(sp);
  for (uint32_t i = 0; i < FaultEvidence::most_words && reinterpret_cast<uintptr_t>(words + i) < end; ++i) {
    evidence_.stack[i] = words[i];
    evidence_.words = i + 1;
  }
}

void FaultGuard::take_packet() {
  FaultEvidence& e = evidence_;
  for (uint32_t i = 0; i < e.registers && e.packet_length == 0; ++i) {
    const hc_packet* p = pool_->find(e.register_values[i]);
    if (!p || p->holder != shard_ + 1 || p->length == 0) continue;
    const auto offset = static_cast<uint64_t>(p->data - p->buffer);
    if (offset + p->length > HC_BUFFER_SIZE) continue;
    e.packet_length = p->length;
    e.packet_bytes = p->length < FaultEvidence::most_bytes ? p->length : FaultEvidence::most_bytes;
    for (uint32_t k = 0; k < e.packet_bytes; ++k) e.packet_head[k] = p->data[k];
  }
}

void FaultGuard::offer_evidence(uint64_t back_at) {
  if (!has_evidence_) return;
  evidence_.back_at = back_at;
  offered_.store(true, std::memory_order_release);
}

FaultEvidence* FaultGuard::take_evidence() {
  return offered_.exchange(false, std::memory_order_acquire) ? &evidence_ : nullptr;
}

}  // namespace hotclick::core
