// The change of a table's record layout, forth and, as long as the old records are held, back.
//
// Both are O(1): the regions change places, and a record is brought to the layout that counts when it is first
// touched. A record stands in the region whose layout number it carries: while the old records are held, converting
// one takes the number off it in the old region. So the way back finds what was not touched where it always was.
#include <cstring>

#include "../core/clock.hh"
#include "../core/swap_code.hh"
#include "flow_table.hh"

namespace hotclick::core {

std::unique_ptr<PreparedLayout> FlowTable::prepare_layout(const TableLayout& next,
                                                          std::shared_ptr<Conversion> conversion,
                                                          std::string& error) const {
  auto prepared = std::make_unique<PreparedLayout>();
  prepared->layout = std::make_unique<TableLayout>(next);
  prepared->conversion = std::move(conversion);
  prepared->records = MappedRegion::create("hotclick-table", static_cast<size_t>(max_slots_) * next.stride);
  if (!prepared->records.ok()) {
    error = "no memory for the new record layout of table '" + name_ + "'";
    return nullptr;
  }
  // Records are converted where packets flow: a page fault for each of a batch would take longer than the conversion.
  prepared->records.reserve(static_cast<size_t>(high_water()) * next.stride);
  return prepared;
}

HC_SWAP_CODE void FlowTable::begin_layout(uint32_t number) {
  old_number_ = hc_table::layout;
  hc_table::layout = number;
  records = records_.data();
  old_records = old_records_.data();
  old_stride = old_layout_->stride;
  use_layout();
  head_->convert_at = 0;
  head_->convert_end = head_->high_water;
  head_->converted = 0;
  converting_.store(true, std::memory_order_relaxed);
}

HC_SWAP_CODE void FlowTable::change_layout(PreparedLayout& prepared, bool hold) {
  // In the middle of the swap: things change places, and nothing is copied or freed.
  old_records_ = std::move(records_);
  records_ = std::move(prepared.records);
  std::swap(old_layout_, layout_);
  std::swap(layout_, prepared.layout);
  conversion_ = std::move(prepared.conversion);
  held_ = hold;
  begin_layout(number_after(hc_table::layout));
}

void FlowTable::take_layout_back(std::shared_ptr<Conversion>& back) {
  std::swap(records_, old_records_);
  std::swap(layout_, old_layout_);
  std::swap(conversion_, back);  // the way there is freed by another thread
  held_ = false;
  returning_ = true;
  begin_layout(old_number_);
}

void FlowTable::convert(uint32_t slot) {
  const uint64_t begin = monotonic();
  convert_record(slot);
  converting_ns_ += monotonic() - begin;
}

void FlowTable::convert_record(uint32_t slot) {
  hc_record& to = record(slot);
  if (to.layout == hc_table::layout || !converting()) return;
  uint8_t* from = old_records_.data() + static_cast<uint64_t>(slot) * old_layout_->stride;
  auto& before = *reinterpret_cast<hc_record*>(from);
  // A record that was there all the time keeps what only the layout has that it comes back to.
  const bool kept = returning_ && (to.flags & HC_RECORD_LIVE) && (before.flags & HC_RECORD_LIVE) &&
                    memcmp(&to + 1, &before + 1, key_size) == 0;
  // Valid here once it has the number, and not before.
  memcpy(&to.expires, &before.expires, 8);  // expires and link
  to.hash = before.hash;
  to.flags = before.flags;
  memcpy(&to + 1, &before + 1, key_size);
  if (to.flags & HC_RECORD_LIVE) {
    uint8_t* value = value_of(slot);
    if (!kept && layout_->defaults) layout_->defaults(value);
    conversion_->run(from + old_layout_->value_offset, value);
    mark(slot);
    ++head_->converted;
  }
  __atomic_store_n(&to.layout, static_cast<uint16_t>(hc_table::layout), __ATOMIC_RELEASE);
  if (held_) before.layout = 0;
}

void FlowTable::leave_author_out() {
  if (conversion_) conversion_->leave_author_out();
}

void FlowTable::release() {
  held_ = false;
  if (old_records_.ok() && !converting() && !retired_.load(std::memory_order_acquire)) retire();
}

void FlowTable::retire() {
  returning_ = false;
  retired_.store(true, std::memory_order_release);
  just_converted_ = true;
}

std::pair<MappedRegion, std::shared_ptr<Conversion>> FlowTable::take_retired() {
  if (!retired_.load(std::memory_order_acquire)) return {};
  std::pair<MappedRegion, std::shared_ptr<Conversion>> out{std::move(old_records_), std::move(conversion_)};
  retired_.store(false, std::memory_order_release);
  return out;
}

}  // namespace hotclick::core
