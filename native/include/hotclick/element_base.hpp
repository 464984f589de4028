/// The base class of elements: ports, drops, tasks, timers, and the splitting of batches.
#pragma once
#include "calls.hpp"

namespace hotclick {

/// Base of every element. `self` is what the core keeps for this element in this shard.
struct Element {
  hc_instance* self = nullptr;

  hc_shard* shard() const { return self->shard; }
  uint64_t now() const { return self->shard->now; }
  uint32_t ninputs() const { return self->ninputs; }
  uint32_t noutputs() const { return self->noutputs; }
  /// What an agnostic port has become in this graph; known from start() on.
  bool input_is_pull(uint32_t port) const { return self->inputs[port].pull != nullptr; }
  bool output_is_pull(uint32_t port) const { return self->outputs[port].push == nullptr; }

  /// Hands the batch on and leaves it empty.
  void output(uint32_t port, Batch& batch) {
    const hc_push_edge& edge = self->outputs[port];
    if (HC_LIKELY(batch.count != 0)) edge.push(edge.object, edge.port, &batch);
    batch.count = 0;
  }
  /// Appends at most `max` packets from a pull input.
  uint32_t input(uint32_t port, Batch& batch, uint32_t max) {
    const hc_pull_edge& edge = self->inputs[port];
    return edge.pull(edge.object, edge.port, &batch, max);
  }

  /// As a result of route()/classify(): drop for that reason (index of the declared drop reasons).
  static constexpr uint32_t drop(uint32_t reason) { return 0x8000u | reason; }
  /// Output `port` if it is connected, otherwise a drop for `reason`.
  uint32_t output_or_drop(uint32_t port, uint32_t reason) const {
    return port < self->noutputs ? port : drop(reason);
  }
  /// Drops packets at once, counted under `reason`.
  void drop_now(uint32_t reason, hc_packet* const* packets, uint32_t n) {
    self->drops[reason] += n;
    if (HC_UNLIKELY(self->shard->tracing)) self->host->trace_drop(self, reason, packets, n);
    release_packets(self->shard, packets, n);
  }
  void drop_now(uint32_t reason, Batch& batch) {
    drop_now(reason, batch.packets, batch.count);
    batch.count = 0;
  }
  void drop_now(uint32_t reason, Packet& p) {
    hc_packet* one = &p;
    drop_now(reason, &one, 1);
  }
  /// Gives packets back to the pool without calling it a drop (a sink that has done its work).
  void consume(Batch& batch) {
    release_packets(self->shard, batch.packets, batch.count);
    batch.count = 0;
  }

  void set_task(bool active) { self->host->set_task(self, active); }
  /// Calls timer(id) at monotonic time `at` (ns); 0 takes it back.
  void set_timer(uint32_t id, uint64_t at) { self->host->set_timer(self, id, at); }

  /// Sends each packet of the batch to ports[i] (or drops it). Order within an output is kept. No allocation:
  /// the usual case, one output for all, hands the batch on as it is.
  void split(Batch& batch, const uint16_t* ports);
};

}  // namespace hotclick
