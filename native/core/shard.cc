#include "shard.hh"

#include <sys/eventfd.h>
#include <sys/random.h>
#include <unistd.h>

#include <cstring>
#include <ctime>
#include <hotclick/batch.hpp>
#include <new>

#include "../io/devices.hh"
#include "clock.hh"
#include "transfer/import.hh"

namespace hotclick::core {
namespace {

constexpr size_t scratch_size = 4u << 20;
constexpr uint64_t tick_ns = 100'000'000;
constexpr uint64_t tick_epoch_s = 1577836800;  // 2020-01-01
constexpr uint32_t idle_before_sleep = 100;    // rounds; about 5 µs
constexpr uint64_t longest_sleep = 20'000'000;
constexpr uint64_t interrupted = 20'000;          // so long without the processor
constexpr uint64_t longest_task_sleep = 500'000;  // when tasks wait for time, not for a descriptor

}  // namespace

thread_local Shard* Shard::running_here_ = nullptr;

std::unique_ptr<Shard> Shard::create(uint32_t index, uint32_t count, PacketPool& pool, const hc_host& host,
                                     ControlPage& control, ImportedShard* imported, std::string& error) {
  std::unique_ptr<Shard> s(new (std::nothrow) Shard(pool, control));
  s->imported = imported;
  s->statics_ = imported ? imported->arena() : StaticArena::create();
  if (imported) s->sections_ = imported->sections();
  s->wake_fd_ = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (!s->statics_ || s->wake_fd_ < 0) {
    error = "no memory for a shard";
    return nullptr;
  }
  s->scratch_.resize(scratch_size);
  hc_shard& f = s->face_;
  f.index = index;
  f.count = count;
  f.host = &host;
  f.pool = &pool;
  f.scratch =
      reinterpret_cast<uint8_t*>((reinterpret_cast<uintptr_t>(s->scratch_.data()) + 63) & ~uintptr_t{63});
  f.scratch_end = s->scratch_.data() + scratch_size;
  s->scratch_begin_ = f.scratch;
  if (getrandom(&f.random, sizeof(f.random), 0) != sizeof(f.random) || f.random == 0) f.random = index + 1;
  f.wall_offset = clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_MONOTONIC);
  pool.attach(f);
  s->refresh_clock();
  return s;
}

Shard::~Shard() {
  known_graph_.reset();
  graph_.reset();
  previous_.reset();
  for (OpenDevice& d : devices_) d.device->close(d.device);
  pool_.drain(face_);
  if (wake_fd_ >= 0) close(wake_fd_);
}

void Shard::refresh_clock() {
  set_clock(clock_ns(CLOCK_MONOTONIC));
}

void Shard::set_clock(uint64_t now) {
  face_.now = now;
  face_.ticks = static_cast<uint32_t>((now + face_.wall_offset - tick_epoch_s * 1'000'000'000u) / tick_ns);
}

Leave Shard::run() {
  leave_ = false;
  idle_rounds_ = 0;
  running_here_ = this;
  guard_.enter_thread(pool_, face_.index);
  entered_at_ = clock_ns(CLOCK_MONOTONIC);
  // A crash of element code ends here, with whatever was on the stack gone.
  while (sigsetjmp(guard_.point, 0) != 0) recover();
  guard_.set_inside(true);
  const Leave why = loop();
  guard_.set_inside(false);
  if (why == Leave::stopped) guard_.leave_thread();
  return why;
}

Leave Shard::loop() {
  bool worked = false;
  for (;;) {
    const uint64_t before = face_.now;
    refresh_clock();
    if (worked) {
      control_.busy_ns.store(control_.busy_ns.load(std::memory_order_relaxed) + (face_.now - before),
                             std::memory_order_relaxed);
    }
    worked = HC_UNLIKELY(converting_) ? converting_round() : round();
    if (HC_UNLIKELY(to_notify_)) {
      // After a round of packets, so that telling the host does not lengthen the break it will read about.
      to_notify_ = false;
      if (notify) notify(notify_context);
    }
    if (HC_UNLIKELY(control_.doorbell.load(std::memory_order_acquire) != seen_doorbell_) || active_ ||
        waiting_) {
      take_commands();
      if (leave_) return Leave::restart;
    }
    if (HC_UNLIKELY(control_.stop.load(std::memory_order_relaxed) != 0)) {
      send_held();
      if (to_notify_ && notify) notify(notify_context);
      to_notify_ = false;
      return Leave::stopped;
    }
    if (worked) {
      idle_rounds_ = 0;
    } else if (++idle_rounds_ > idle_before_sleep && !busy_poll && !active_ && !waiting_ && !to_notify_) {
      sleep();
    }
  }
}

/// Adds up besides what conversion takes of the round.
bool Shard::converting_round() {
  const uint64_t begin = monotonic(), begin_here = clock_ns(CLOCK_THREAD_CPUTIME_ID);
  const bool worked = round();
  const uint64_t here = clock_ns(CLOCK_THREAD_CPUTIME_ID) - begin_here;
  const uint64_t elsewhere = monotonic() - begin - here;  // others had the processor
  uint64_t spent = 0;
  for (FlowTable* t : graph_->tables()) spent += t->take_converting_ns();
  const auto keep_longest = [](std::atomic<uint64_t>& longest, uint64_t ns) {
    if (ns > longest.load(std::memory_order_relaxed)) longest.store(ns, std::memory_order_relaxed);
  };
  keep_longest(control_.longest_conversion, spent);
  if (elsewhere < interrupted) keep_longest(control_.uninterrupted_conversion, spent);
  return worked;
}

bool Shard::round() {
  bool worked = false;
  if (HC_LIKELY(graph_ != nullptr)) {
    for (Node* n : graph_->tasks()) {
      if (HC_LIKELY(n->task_active)) worked |= n->descriptor->run(n->instance.object) != 0;
    }
    if (HC_UNLIKELY(next_timer_ != 0 && face_.now >= next_timer_)) fire_timers();
    maintain();
  }
  if (hand_over) worked |= receive_hand_over();
  if (questions && HC_UNLIKELY(questions->waiting(face_.index))) questions->answer(*this);
  control_.rounds.store(control_.rounds.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  if (worked) {
    control_.busy_rounds.store(control_.busy_rounds.load(std::memory_order_relaxed) + 1,
                               std::memory_order_relaxed);
    control_.last_busy.store(face_.now, std::memory_order_relaxed);
  }
  control_.now.store(face_.now, std::memory_order_relaxed);
  control_.free_packets.store(face_.free_count, std::memory_order_relaxed);
  return worked;
}

/// Before the shard stops: what elements with an input hold is still to be sent. Packets of a Queue stay there.
void Shard::send_held() {
  constexpr uint32_t most_passes = 4;  // an element may be given more while another one sends
  for (uint32_t pass = 0; graph_ && pass < most_passes; ++pass) {
    bool held = false;
    for (Node* n : graph_->tasks()) {
      if (n->instance.ninputs == 0 || n->held_packets() == 0) continue;
      held = true;
      n->descriptor->run(n->instance.object);
    }
    if (!held) return;
  }
}

void Shard::maintain() {
  bool converting = false;
  for (FlowTable* t : graph_->tables()) {
    converting |= t->maintain();
    if (HC_UNLIKELY(t->just_converted())) to_notify_ = true;  // the host releases what is left over
  }
  converting_ = converting;
  if (HC_UNLIKELY(graph_->versions().moving())) converting |= graph_->versions().move_records();
  if (converting) idle_rounds_ = 0;  // there is work to do in idle time
  if (HC_UNLIKELY(graph_->draining())) graph_->check_draining(face_.now > drain_deadline_);
}

void Shard::set_timer(Node& node, uint32_t id, uint64_t at) {
  if (id >= HC_MAX_TIMERS) return;
  node.timers[id] = at;
  if (at != 0 && (next_timer_ == 0 || at < next_timer_)) next_timer_ = at;
}

void Shard::fire_timers() {
  next_timer_ = 0;
  uint64_t next = 0;
  for (const auto& n : graph_->nodes()) {
    for (uint32_t id = 0; id < HC_MAX_TIMERS; ++id) {
      if (n->timers[id] != 0 && n->timers[id] <= face_.now) {
        n->timers[id] = 0;
        if (n->descriptor->timer) n->descriptor->timer(n->instance.object, id);
      }
      if (n->timers[id] != 0 && (next == 0 || n->timers[id] < next)) next = n->timers[id];
    }
  }
  if (next != 0 && (next_timer_ == 0 || next < next_timer_)) next_timer_ = next;
}

void Shard::sleep() {
  uint64_t limit = graph_ && graph_->other_tasks() ? longest_task_sleep : longest_sleep;
  if (next_timer_ != 0) {
    if (next_timer_ <= face_.now) return;
    if (next_timer_ - face_.now < limit) limit = next_timer_ - face_.now;
  }
  control_.sleeping.store(1, std::memory_order_seq_cst);
  // Who puts work before us after this looks at `sleeping` and wakes us.
  const bool quiet = control_.doorbell.load(std::memory_order_seq_cst) == seen_doorbell_ &&
                     control_.stop.load() == 0 && !(hand_over && hand_over->waiting(face_.index)) &&
                     !(questions && questions->waiting(face_.index));
  if (quiet) {
    static thread_local std::vector<pollfd> fds;
    fds.clear();
    if (graph_) fds.assign(graph_->poll_fds().begin(), graph_->poll_fds().end());
    fds.push_back({wake_fd_, POLLIN, 0});
    const timespec timeout{static_cast<time_t>(limit / 1'000'000'000u),
                           static_cast<long>(limit % 1'000'000'000u)};
    ppoll(fds.data(), fds.size(), &timeout, nullptr);
    if (fds.back().revents & POLLIN) {
      uint64_t n;
      if (read(wake_fd_, &n, sizeof(n)) < 0) n = 0;
    }
  }
  control_.sleeping.store(0, std::memory_order_relaxed);
  control_.sleeps.store(control_.sleeps.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  idle_rounds_ = idle_before_sleep / 2;
}

}  // namespace hotclick::core
