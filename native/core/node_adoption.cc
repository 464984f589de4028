// The moment in which a node takes its predecessor's place, and the way back.
#include <cstring>

#include "node.hh"
#include "shard.hh"
#include "swap_code.hh"

namespace hotclick::core {
namespace {

/// As many packets as there is room for, in order.
void move_packets(hc_queue& from, hc_queue& to) {
  const uint64_t slots = uint64_t{to.mask} + 1;
  for (; from.head != from.tail && to.tail - to.head < slots; ++from.head)
    to.ring[to.tail++ & to.mask] = from.ring[from.head & from.mask];
}

}  // namespace

HC_SWAP_CODE void Node::adopt_state(bool watched) {
  takeover_.run();
  has_statics_ = true;
  for (StateChange& c : changes_) {
    StateBinding& to = *c.to;
    if (to.block) {
      c.conversion->run(c.from->block.get(), to.block.get());
      if (!c.initial.empty()) begin_counts(to, c.initial.data());
    } else if (to.section) {
      c.conversion->run(c.old_pages->pages.data(), to.section->pages.data());
    } else if (to.table) {
      if (c.layout) to.table->change_layout(*c.layout, watched);
      auto* slot = static_cast<hc_table_slot*>(to.declaration->member(memory_));
      to.table->set_owner(instance.shard, memory_, *to.declaration, slot->capacity);
    } else if (to.queue) {
      if (c.from && c.from->queue != to.queue) move_packets(c.from->queue->queue(), to.queue->queue());
      to.queue->queue().limit = static_cast<hc_queue_slot*>(to.declaration->member(memory_))->capacity;
    }
    c.done = true;
  }
  if (!watched) drop_queues_left();
  if (counters_before_) {
    const auto* before = reinterpret_cast<const uint64_t*>(counters_before_.get());
    for (const auto& [here, there] : same_drops_) drops()[here] += before[1 + there];
    unconnected() += before[0];
  }
  has_adopted_ = true;
}

/// Beside an older version counts begin anew: what is shown is the sum of both.
void Node::begin_counts(StateBinding& b, const uint8_t* initial) {
  const hc_schema& schema = b.declaration->schema;
  for (uint32_t i = 0; i < schema.nfields; ++i) {
    const hc_field& f = schema.fields[i];
    if (f.merge == HC_MERGE_SUM) memcpy(b.block.get() + f.offset, initial + f.offset, f.size);
  }
}

HC_SWAP_CODE void Node::drop_queues_left() {
  for (hc_queue* q : queues_left_) shard_->drop_all(ShardDrop::queue_gone, *q);
}

void Node::hand_back(Return how) {
  Node* old = adopted_from_.get();
  if (std::exchange(has_statics_, false)) takeover_.run_back();
  for (StateChange& c : changes_) {
    StateBinding& from = *c.to;
    if (!c.done) continue;
    if (how == Return::bare && c.back) c.back->leave_author_out();
    if (from.section) {
      c.back->run(from.section->pages.data(), c.old_pages->pages.data());
    } else if (!c.from || beside_) {
      continue;  // it was new, or the one before has its own
    } else if (from.block) {
      c.back->run(from.block.get(), c.from->block.get());
    } else if (from.table) {
      if (c.layout) from.table->take_layout_back(c.back);
      auto* slot = static_cast<hc_table_slot*>(c.from->declaration->member(old->memory_));
      from.table->set_owner(instance.shard, old->memory_, *c.from->declaration, slot->capacity);
    } else if (from.queue) {
      if (c.from->queue != from.queue) move_packets(from.queue->queue(), c.from->queue->queue());
      c.from->queue->queue().limit =
          static_cast<hc_queue_slot*>(c.from->declaration->member(old->memory_))->capacity;
    }
    c.done = false;
  }
  if (!old || beside_ || !has_adopted_) return;
  has_adopted_ = false;
  for (const auto& [here, there] : same_drops_) old->drops()[there] = drops()[here];
  old->unconnected() = unconnected();
}

HC_SWAP_CODE void Node::rest() {
  if (!resting) {
    task_before_rest_ = task_active;
    for (uint32_t i = 0; i < HC_MAX_TIMERS; ++i) timers_before_rest_[i] = timers[i];
  }
  resting = true;
  task_active = false;
  for (uint64_t& t : timers) t = 0;
}

void Node::resume() {
  draining = false;
  if (!resting) return;
  resting = false;
  task_active = task_before_rest_;
  for (uint32_t i = 0; i < HC_MAX_TIMERS; ++i) timers[i] = timers_before_rest_[i];
}

}  // namespace hotclick::core
