// What the host asks of a shard: the list of commands, waking, and the installing of a graph.
#include <unistd.h>

#include "observe.hh"
#include "shard.hh"
#include "swap_code.hh"

namespace hotclick::core {
void Shard::post(Command& command) {
  command.next_ = commands_.load(std::memory_order_relaxed);
  while (!commands_.compare_exchange_weak(command.next_, &command, std::memory_order_release,
                                          std::memory_order_relaxed)) {
  }
  control_.doorbell.fetch_add(1, std::memory_order_release);
  wake();
}

void Shard::stop() {
  control_.stop.store(1, std::memory_order_release);
  wake();
}

void Shard::wake() {
  const uint64_t one = 1;
  // Full already means that the shard will wake: nothing to do about a failed write.
  if (write(wake_fd_, &one, sizeof(one)) < 0) return;
}

void Shard::take_commands() {
  seen_doorbell_ = control_.doorbell.load(std::memory_order_acquire);
  // The list is last in, first out; turn it round and append.
  Command* list = commands_.exchange(nullptr, std::memory_order_acquire);
  Command* ordered = nullptr;
  while (list) {
    Command* next = list->next_;
    list->next_ = ordered;
    ordered = list;
    list = next;
  }
  if (ordered) {
    Command** end = &waiting_;
    while (*end) end = &(*end)->next_;
    *end = ordered;
  }
  for (;;) {
    if (!active_) {
      if (!waiting_) return;
      active_ = waiting_;
      waiting_ = waiting_->next_;
    }
    if (!active_->step(*this)) return;  // goes on in the next round, or after the restart it asked for
    Command* done = active_;
    active_ = nullptr;
    finish(*done);
    if (leave_) return;
  }
}

void Shard::finish(Command& command) {
  command.next_ = finished_.load(std::memory_order_relaxed);
  while (!finished_.compare_exchange_weak(command.next_, &command, std::memory_order_release,
                                          std::memory_order_relaxed)) {
  }
  to_notify_ = true;
}

Command* Shard::take_finished() {
  if (!taken_) {
    // The list is last in, first out; turn it round.
    Command* list = finished_.exchange(nullptr, std::memory_order_acquire);
    while (list) {
      Command* next = list->next_;
      list->next_ = taken_;
      taken_ = list;
      list = next;
    }
  }
  Command* first = taken_;
  if (first) taken_ = first->next_;
  return first;
}

void Shard::run_commands_here(uint32_t most_steps) {
  do {
    take_commands();
  } while ((active_ || waiting_) && --most_steps != 0);
  to_notify_ = false;
}

// `next` stays with its owner until the element code that may crash has returned: a jump out of it unwinds nothing.
HC_SWAP_CODE void Shard::install(std::shared_ptr<ShardGraph>&& next, bool watched) {
  if (instrumentation) instrumentation->apply(*this, false);  // the host observes the new graph anew
  watched = watched && graph_;
  if (watched) guard_.watch(next, graph_);
  next->install(graph_.get(), watched);
  previous_ = std::move(graph_);
  graph_ = std::move(next);
  converting_ = true;  // until the first round has looked
  control_.longest_conversion.store(0, std::memory_order_relaxed);
  control_.uninterrupted_conversion.store(0, std::memory_order_relaxed);
  drain_deadline_ = face_.now + drain_limit;
  next_timer_ = face_.now;  // look at all timers in the next round
  if (installed_revision) installed_revision->store(graph_->revision, std::memory_order_release);
}

void Shard::part_with_graph() {
  instrumentation = nullptr;
  face_.tracing = 0;
  next_timer_ = 0;
  previous_ = std::move(graph_);
}

}  // namespace hotclick::core
