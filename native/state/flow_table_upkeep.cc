// What a table does beside its packets, a bounded piece of it each round: growth, conversion, expiry.
#include "../core/clock.hh"
#include "flow_table.hh"

namespace hotclick::core {
namespace {
constexpr uint32_t convert_budget = 64, least_converted = 16, sweep_budget = 16;  // slots a round
}  // namespace

bool FlowTable::maintain() {
  bool worked = false;
  if (old_index) {
    grow_step();
    worked = true;
  }
  if (converting()) {
    worked = true;
    const uint64_t begin = monotonic();
    const uint32_t budget = converting_ns_ < enough_ns ? convert_budget : least_converted;
    for (uint32_t n = 0; n < budget && head_->convert_at < head_->convert_end; ++n)
      convert_record(head_->convert_at++);
    converting_ns_ += monotonic() - begin;
    if (head_->convert_at >= head_->convert_end) {
      converting_.store(false, std::memory_order_relaxed);
      old_records = nullptr;
      if (!held_) retire();
    }
  }
  if (shard->ticks != sweep_tick_) {
    sweep_tick_ = shard->ticks;
    sweep_credit_ = head_->high_water / (5 * ticks_per_second) + 1;
  }
  if (sweep_credit_ != 0) {
    const uint32_t slots = sweep_credit_ < sweep_budget ? sweep_credit_ : sweep_budget;
    sweep_credit_ -= slots;
    sweep(slots);
  }
  return worked;
}

void FlowTable::sweep(uint32_t slots) {
  for (; slots != 0 && head_->high_water != 0; --slots, ++head_->sweep_at) {
    if (head_->sweep_at >= head_->high_water) head_->sweep_at = 0;
    hc_record& r = record(head_->sweep_at);
    if (HC_UNLIKELY(r.layout != hc_table::layout)) convert(head_->sweep_at);
    if (!(r.flags & HC_RECORD_LIVE) || r.expires == 0) continue;
    if (static_cast<int32_t>(r.expires - shard->ticks) > 0) continue;
    const uint32_t more =
        expire_ ? expire_(object_, head_->sweep_at, key_of(head_->sweep_at), value_of(head_->sweep_at)) : 0;
    if (more)
      r.expires = shard->ticks + more;
    else
      erase(head_->sweep_at);
  }
}

void FlowTable::sweep_all() {
  head_->sweep_at = 0;
  sweep(head_->high_water);
}

}  // namespace hotclick::core
