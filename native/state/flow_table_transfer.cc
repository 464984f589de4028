// How a table changes its owner: from one engine to another, or from a dead one.
#include <cstring>
#include <new>

#include "flow_table.hh"

namespace hotclick::core {

std::unique_ptr<FlowTable> FlowTable::adopt(const std::string& name, const TableLayout& layout,
                                            uint32_t number, MappedRegion records, MappedRegion index,
                                            std::string& error) {
  std::unique_ptr<FlowTable> t(new (std::nothrow) FlowTable());
  if (!t) return nullptr;
  const uint32_t slots =
      index.size() < sizeof(TableHead) ? 0 : reinterpret_cast<const TableHead*>(index.data())->max_slots;
  if (slots == 0 || slots > 1u << 30 || index.size() < index_region_size(slots) ||
      records.size() / layout.stride < slots || number == 0 || number > 0xFFFF) {
    error = "the memory of table '" + name + "' does not fit its description";
    return nullptr;
  }
  t->name_ = name;
  *t->layout_ = layout;
  t->records_ = std::move(records);
  t->index_arena_ = std::move(index);
  t->max_slots_ = slots;
  t->use_index_region();
  t->records = t->records_.data();
  static_cast<hc_table&>(*t).layout = number;
  t->use_layout();
  t->seed = t->head_->seed;
  t->index = t->index_of_size(first_index_size);
  t->index_mask = first_index_size - 1;
  return t;
}

void FlowTable::seal() {
  head_->index_mask = index_mask;
  head_->old_mask = old_index ? old_mask : 0;
  head_->live = live;
  head_->sealed = 1;
}

bool FlowTable::open_sealed() {
  const auto is_index = [this](uint32_t mask) {
    const uint64_t size = uint64_t{mask} + 1;
    return size >= first_index_size && (size & mask) == 0 && size <= uint64_t{max_slots_} * 2;
  };
  if (head_->sealed != 1 || !is_index(head_->index_mask) ||
      (head_->old_mask != 0 && (!is_index(head_->old_mask) || head_->old_mask >= head_->index_mask)) ||
      head_->high_water > max_slots_ || head_->live > head_->high_water)
    return false;
  head_->sealed = 0;
  index_mask = head_->index_mask;
  index = index_of_size(uint64_t{index_mask} + 1);
  old_mask = head_->old_mask;
  old_index = old_mask ? index_of_size(uint64_t{old_mask} + 1) : nullptr;
  live = head_->live;
  return true;
}

std::unique_ptr<FlowTable> FlowTable::recover(const std::string& name, std::vector<RecordPart> parts,
                                              size_t base, const MappedRegion& index,
                                              const Conversion* conversion, std::string& error) {
  RecordPart& ours = parts[base];
  RecordPart* other = parts.size() > 1 ? &parts[1 - base] : nullptr;
  // Only to have everything checked; what was in the index is not looked at.
  auto t = adopt(name, ours.layout, ours.number, std::move(ours.records), MappedRegion::adopt(index.fd(), 0),
                 error);
  if (!t) return nullptr;
  const uint32_t slots = t->max_slots_;
  const uint64_t seed = t->seed;
  const uint32_t high_water = t->head_->high_water < slots ? t->head_->high_water : slots;
  if (other && other->records.size() / other->layout.stride < slots) {
    error = "the memory of table '" + name + "' does not fit its description";
    return nullptr;
  }
  const uint32_t sweep_at = t->head_->sweep_at;
  if (!t->make_index(slots, error)) return nullptr;
  t->head_->seed = seed;
  t->head_->sweep_at = sweep_at;  // beyond the end it begins anew
  t->head_->high_water = high_water;
  for (uint32_t slot = 0; other && slot < high_water; ++slot) {
    const uint8_t* at = other->records.data() + static_cast<uint64_t>(slot) * other->layout.stride;
    const auto& theirs = *reinterpret_cast<const hc_record*>(at);
    hc_record& to = t->record(slot);
    // The newer part, which comes first, is right about a slot that it has.
    const bool is_newer = other == &parts[0];
    if (theirs.layout != other->number || (!is_newer && to.layout == ours.number)) continue;
    to.layout = 0;
    memcpy(&to.expires, &theirs.expires, 8);  // expires and link
    to.hash = theirs.hash;
    memcpy(&to + 1, &theirs + 1, t->key_size);
    uint8_t* value = t->value_of(slot);
    memset(value, 0, t->layout_->value_size);
    if (t->layout_->defaults) t->layout_->defaults(value);
    if (conversion) conversion->run(at + other->layout.value_offset, value);
    to.flags = theirs.flags;
    __atomic_store_n(&to.layout, static_cast<uint16_t>(ours.number), __ATOMIC_RELEASE);
  }
  t->rebuild();
  t->mark_all_dirty();
  return t;
}

/// Index, free list and counts, from the records alone.
void FlowTable::rebuild() {
  live = 0;
  head_->free_head = no_slot;
  for (uint32_t slot = head_->high_water; slot-- > 0;) {
    hc_record& r = record(slot);
    const bool whole = r.layout == hc_table::layout && (r.flags & HC_RECORD_LIVE) != 0 &&
                       r.hash == hash_key(&r + 1, key_size, seed);
    if (whole) {
      ++live;
      continue;
    }
    r.flags = 0;
    r.expires = 0;
    r.layout = static_cast<uint16_t>(hc_table::layout);
    r.link = head_->free_head;
    head_->free_head = slot;
  }
  while (live > index_mask / 2 && index_mask < max_slots_ * 2 - 1) index_mask = index_mask * 2 + 1;
  index = index_of_size(uint64_t{index_mask} + 1);
  old_index = nullptr;
  for (uint32_t slot = 0; slot < head_->high_water; ++slot) {
    if (record(slot).flags & HC_RECORD_LIVE) index_put(index, index_mask, record(slot).hash, slot);
  }
}

}  // namespace hotclick::core
