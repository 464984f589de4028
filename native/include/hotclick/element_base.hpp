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

inline void Element::split(Batch& batch, const uint16_t* ports) {
  const uint32_t n = batch.count;
  if (n == 0) return;
  uint16_t different = 0;
  const uint16_t first = ports[0];
  for (uint32_t i = 1; i < n; ++i) different |= static_cast<uint16_t>(ports[i] ^ first);
  auto send = [this](uint32_t port, Batch& b) {
    if (HC_LIKELY(port < self->noutputs)) return output(port, b);
    drop_now(port == HC_NO_PORT || !(port & 0x8000u) ? 0 : port & 0x7FFFu, b);
  };
  if (HC_LIKELY(different == 0)) return send(first, batch);

  ScratchBatches scratch(self->shard, 3);
  if (HC_UNLIKELY(!scratch.ok())) return drop_now(0, batch);
  // Copies first: what is pushed may come back to this element and the caller's arrays may be reused.
  Batch& rest = scratch[0];
  Batch& one = scratch[1];
  uint16_t* rest_ports = reinterpret_cast<uint16_t*>(&scratch[2]);
  memcpy(rest.packets, batch.packets, n * sizeof(hc_packet*));
  memcpy(rest_ports, ports, n * sizeof(uint16_t));
  batch.count = 0;
  uint32_t left = n;
  while (left != 0) {
    const uint16_t port = rest_ports[0];
    uint32_t kept = 0, taken = 0;
    for (uint32_t i = 0; i < left; ++i) {
      hc_packet* p = rest.packets[i];
      if (rest_ports[i] == port) {
        one.packets[taken++] = p;
      } else {
        rest.packets[kept] = p;
        rest_ports[kept++] = rest_ports[i];
      }
    }
    left = kept;
    one.count = taken;
    send(port, one);
  }
}

}  // namespace hotclick
