// What a table does beside its packets: changing its layout, converting records, expiry.
#include <cstring>

#include "flow_table.hh"

namespace hotclick::core {
namespace {
constexpr uint32_t convert_budget = 64, sweep_budget = 16;  // slots a round
}

std::unique_ptr<PreparedLayout> FlowTable::prepare_layout(const TableLayout& next,
                                                          std::shared_ptr<Conversion> conversion,
                                                          std::string& error) const {
  auto prepared = std::make_unique<PreparedLayout>();
  prepared->layout = next;
  prepared->conversion = std::move(conversion);
  prepared->records = MappedRegion::create("hotclick-table", static_cast<size_t>(max_slots_) * next.stride);
  if (!prepared->records.ok()) {
    error = "no memory for the new record layout of table '" + name_ + "'";
    return nullptr;
  }
  return prepared;
}

void FlowTable::change_layout(PreparedLayout& prepared) {
  // In the middle of the swap: things change places, and nothing is copied or freed.
  old_records_ = std::move(records_);
  records_ = std::move(prepared.records);
  std::swap(old_layout_, layout_);
  std::swap(layout_, prepared.layout);
  conversion_ = std::move(prepared.conversion);
  records = records_.data();
  old_number_ = hc_table::layout;
  hc_table::layout = number_after(old_number_);
  use_layout();
  head_->convert_at = 0;
  head_->convert_end = head_->high_water;
  head_->converted = 0;
  converting_.store(true, std::memory_order_relaxed);
}

void FlowTable::convert(uint32_t slot) {
  hc_record& to = record(slot);
  if (to.layout == hc_table::layout || !converting()) return;
  const uint8_t* old = old_records_.data() + static_cast<uint64_t>(slot) * old_layout_.stride;
  memcpy(static_cast<void*>(&to), old, sizeof(hc_record) + key_size);
  if (to.flags & HC_RECORD_LIVE) {
    uint8_t* value = value_of(slot);
    if (layout_.defaults) layout_.defaults(value);
    conversion_->run(old + old_layout_.value_offset, value);
    mark(slot);
    ++head_->converted;
  }
  __atomic_store_n(&to.layout, static_cast<uint16_t>(hc_table::layout),
                   __ATOMIC_RELEASE);  // valid here from now on
}

bool FlowTable::maintain() {
  bool worked = false;
  if (old_index) {
    grow_step();
    worked = true;
  }
  if (converting()) {
    worked = true;
    for (uint32_t n = 0; n < convert_budget && head_->convert_at < head_->convert_end; ++n)
      convert(head_->convert_at++);
    if (head_->convert_at >= head_->convert_end) {
      converting_.store(false, std::memory_order_relaxed);
      retired_.store(true, std::memory_order_release);
      just_converted_ = true;
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
  for (; slots != 0 && head_->high_water != 0; --slots, ++sweep_at_) {
    if (sweep_at_ >= head_->high_water) sweep_at_ = 0;
    hc_record& r = record(sweep_at_);
    if (HC_UNLIKELY(r.layout != hc_table::layout)) convert(sweep_at_);
    if (!(r.flags & HC_RECORD_LIVE) || r.expires == 0) continue;
    if (static_cast<int32_t>(r.expires - shard->ticks) > 0) continue;
    const uint32_t more = expire_ ? expire_(object_, sweep_at_, key_of(sweep_at_), value_of(sweep_at_)) : 0;
    if (more)
      r.expires = shard->ticks + more;
    else
      erase(sweep_at_);
  }
}

void FlowTable::sweep_all() {
  sweep_at_ = 0;
  sweep(head_->high_water);
}

std::pair<MappedRegion, std::shared_ptr<Conversion>> FlowTable::take_retired() {
  if (!retired_.load(std::memory_order_acquire)) return {};
  std::pair<MappedRegion, std::shared_ptr<Conversion>> out{std::move(old_records_), std::move(conversion_)};
  retired_.store(false, std::memory_order_release);
  return out;
}

}  // namespace hotclick::core
