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
  // In the middle of the swap: things change places, and nothing is copied or freed. The layout before the
  // last one goes away with `prepared`, which another thread does.
  old_records_ = std::move(records_);
  std::swap(old_layout_, layout_);
  std::swap(layout_, prepared.layout);
  records_ = std::move(prepared.records);
  conversion_ = std::move(prepared.conversion);
  records = records_.data();
  ++hc_table::layout;
  if ((hc_table::layout & 0xFFFF) == 0) ++hc_table::layout;  // 0 means "nothing here"
  hc_table::layout &= 0xFFFF;
  use_layout();
  convert_at_ = 0;
  convert_end_ = high_water_;
  converted_ = 0;
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
    ++converted_;
  }
  to.layout = static_cast<uint16_t>(hc_table::layout);
}

bool FlowTable::maintain() {
  bool worked = false;
  if (old_index) {
    grow_step();
    worked = true;
  }
  if (converting() && !retired_.load(std::memory_order_acquire)) {
    worked = true;
    for (uint32_t n = 0; n < convert_budget && convert_at_ < convert_end_; ++n) convert(convert_at_++);
    if (convert_at_ >= convert_end_) {
      retired_records_ = std::move(old_records_);
      retired_conversion_ = std::move(conversion_);
      retired_.store(true, std::memory_order_release);
      just_converted_ = true;
    }
  }
  if (shard->ticks != sweep_tick_) {
    sweep_tick_ = shard->ticks;
    sweep_credit_ = high_water_ / (5 * ticks_per_second) + 1;
  }
  if (sweep_credit_ != 0) {
    const uint32_t slots = sweep_credit_ < sweep_budget ? sweep_credit_ : sweep_budget;
    sweep_credit_ -= slots;
    sweep(slots);
  }
  return worked;
}

void FlowTable::sweep(uint32_t slots) {
  for (; slots != 0 && high_water_ != 0; --slots, ++sweep_at_) {
    if (sweep_at_ >= high_water_) sweep_at_ = 0;
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
  sweep(high_water_);
}

std::pair<MappedRegion, std::shared_ptr<Conversion>> FlowTable::take_retired() {
  if (!retired_.load(std::memory_order_acquire)) return {};
  std::pair<MappedRegion, std::shared_ptr<Conversion>> out{std::move(retired_records_),
                                                           std::move(retired_conversion_)};
  retired_.store(false, std::memory_order_release);
  return out;
}

}  // namespace hotclick::core
