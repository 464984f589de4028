// A graph that gives way to another: removed elements drain, and the way back.
#include <algorithm>
#include <hotclick/batch.hpp>

#include "shard.hh"
#include "shard_graph.hh"
#include "swap_code.hh"

namespace hotclick::core {

uint32_t ShardGraph::DrainPull::pull(void* object, uint32_t, hc_batch* batch, uint32_t max) {
  auto* d = static_cast<DrainPull*>(object);
  const uint32_t n = d->before.pull(d->before.object, d->before.port, batch, max);
  if (n == max) return n;
  return n + d->after.pull(d->after.object, d->after.port, batch, max - n);
}

HC_SWAP_CODE void ShardGraph::start_draining(ShardGraph& running) {
  auto drains = [this](Node* n) {
    n->draining = true;
    draining_.push_back(n);
    if (n->descriptor->run && n->task_active) tasks_.push_back(n);
  };
  for (Node* n : running.draining_) drains(n);
  for (uint32_t i = 0; i < running.nodes_.size(); ++i) {
    Node& old = *running.nodes_[i];
    Node* next = i < successor_.size() ? successor_[i] : nullptr;
    if (i < stays_.size() && stays_[i]) continue;
    const bool active = old.task_active;
    old.rest();
    if (next) continue;
    // A removed consumer goes on while its removed queue has packets.
    const bool consumes = old.descriptor->run && !old.descriptor->pull && old.instance.ninputs != 0;
    if (!consumes && old.held_packets() == 0) continue;
    old.task_active = active;
    drains(&old);
  }
  if (draining_.empty()) return;
  drains_.store(true, std::memory_order_relaxed);
  // What still drains must reach the instances that run now.
  for (uint32_t k = 0; k < running.push_.size(); ++k) {
    Node* target = running.push_target_[k];
    if (!target) continue;
    for (uint32_t i = 0; i < running.nodes_.size(); ++i) {
      if (running.nodes_[i].get() == target && successor_[i])
        running.push_[k] = versions_.entry(*successor_[i], running.push_[k].port);
    }
  }
  // A consumer that stays takes the packets of its removed queue first.
  for (uint32_t i = 0; i < running.nodes_.size(); ++i) {
    Node* consumer = successor_[i];
    if (!consumer) continue;
    const uint32_t end =
        i + 1 < running.nodes_.size() ? running.pull_at_[i + 1] : static_cast<uint32_t>(running.pull_.size());
    for (uint32_t k = running.pull_at_[i]; k < end; ++k) {
      Node* source = running.pull_source_[k];
      if (!source || !source->draining) continue;
      const uint32_t port = k - running.pull_at_[i];
      if (port >= consumer->instance.ninputs) continue;
      const uint32_t at = pull_at_[consumer->graph_index] + port;
      drain_pulls_[at] = {running.pull_[k], pull_[at]};
      pull_[at] = {DrainPull::pull, &drain_pulls_[at], 0, 0};
    }
  }
}

void ShardGraph::check_draining(bool force, bool crashed) {
  for (Node* n : draining_) {
    if (!force && n->held_packets() != 0) return;
  }
  for (Node* n : draining_) {
    for (StateBinding& b : n->states) {
      // Packets are left only when the wait was ended.
      if (b.queue) n->shard().drop_all(ShardDrop::drain_ended, b.queue->queue());
    }
    // What it holds itself goes with it.
    if (!crashed) n->shard().count_drops(ShardDrop::drain_ended, n->held_packets());
    n->task_active = false;
    n->draining = false;
    std::erase(tasks_, n);
  }
  draining_.clear();
  for (uint32_t k = 0; k < pull_.size(); ++k) {
    if (pull_[k].pull == DrainPull::pull) pull_[k] = drain_pulls_[k].after;
  }
  drains_.store(false, std::memory_order_release);
}

void ShardGraph::reinstate(ShardGraph& newer, Return how) {
  newer.use_edges(nullptr, nullptr);
  for (uint32_t k = 0; k < push_.size(); ++k) {  // led to successors while removed elements drained
    if (Node* target = push_target_[k]) push_[k] = versions_.entry(*target, push_[k].port);
  }
  for (uint32_t i = 0; i < nodes_.size(); ++i) nodes_[i]->graph_index = i;
  newer.versions_.leave();
  for (const auto& n : newer.nodes_) n->hand_back(how);
  versions_.take_back(newer.versions_, tables_, how == Return::bare);
  for (const auto& n : nodes_) n->replaced |= n->resting;
  for (const auto& n : nodes_) n->resume();

  newer.draining_.clear();
  if (!std::exchange(newer.left_, true)) {  // vectors with room for what may drain; nothing is allocated here
    newer.spare_tasks_.assign(tasks_.begin(), tasks_.end());
    std::swap(tasks_, newer.spare_tasks_);
    std::swap(draining_, newer.spare_draining_);
    std::swap(successor_, newer.predecessor_);
    std::swap(stays_, newer.stayed_);
  }
  for (uint32_t i = 0; i < newer.nodes_.size(); ++i) {
    if (!stays_[i]) newer.nodes_[i]->rest();
  }
  if (how == Return::ordered) start_draining(newer);
  use_edges(nullptr, nullptr);
  for (const auto& n : nodes_) {
    if (std::exchange(n->replaced, false) && n->descriptor->start && how != Return::bare)
      n->descriptor->start(n->instance.object, 1);
  }
}

}  // namespace hotclick::core
