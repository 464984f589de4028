#include "flow_table.hh"

#include <sys/mman.h>
#include <sys/random.h>

#include <bit>
#include <cstring>
#include <new>

namespace hotclick::core {
namespace {
constexpr uint32_t first_index_size = 1024;
constexpr uint32_t reserved_slots = 1u << 22;
constexpr uint32_t convert_budget = 64, sweep_budget = 16;  // slots a round
constexpr uint32_t tombstone = no_slot;                     // as "slot + 1" in an index that is being left

uint64_t entry_of(uint32_t hash, uint32_t slot) {
  return static_cast<uint64_t>(hash) << 32 | (slot + 1);
}
}  // namespace

TableLayout TableLayout::of(const SchemaCopy& key, const SchemaCopy& value) {
  TableLayout l;
  l.key = key;
  l.value = value;
  l.key_size = key.size;
  l.value_size = value.size;
  l.value_offset = (static_cast<uint32_t>(sizeof(hc_record)) + key.size + 7u) & ~7u;
  const uint32_t bytes = l.value_offset + value.size;
  // Small records do not straddle cache lines; larger ones start at half a line.
  l.stride = bytes <= 32 ? 32 : bytes <= 64 ? 64 : (bytes + 31u) & ~31u;
  return l;
}

std::unique_ptr<FlowTable> FlowTable::create(const std::string& name, const TableLayout& layout,
                                             uint32_t capacity, std::string& error) {
  std::unique_ptr<FlowTable> t(new (std::nothrow) FlowTable());
  if (!t) return nullptr;
  t->name_ = name;
  t->max_slots_ = capacity > reserved_slots ? std::bit_ceil(capacity) : reserved_slots;
  t->records_ = MappedRegion::create("hotclick-table", static_cast<size_t>(t->max_slots_) * layout.stride);
  t->index_arena_ =
      MappedRegion::create("hotclick-index", static_cast<size_t>(t->max_slots_) * 4 * sizeof(uint64_t));
  t->dirty_count_ = (t->max_slots_ >> publish_shift >> 6) + 1;
  t->dirty_words_.reset(new (std::nothrow) uint64_t[t->dirty_count_]());
  if (!t->records_.ok() || !t->index_arena_.ok() || !t->dirty_words_) {
    error = "no memory for table '" + name + "' with room for " + std::to_string(t->max_slots_) + " records";
    return nullptr;
  }
  t->records = t->records_.data();
  // The index of size s lies at word offset s: 1024 at 1024, 2048 at 2048, … so none overlaps another.
  t->index = reinterpret_cast<uint64_t*>(t->index_arena_.data()) + first_index_size;
  t->index_mask = first_index_size - 1;
  t->dirty = t->dirty_words_.get();
  t->page_shift = publish_shift;
  hc_table& base = *t;
  base.layout = 1;
  t->capacity = capacity;
  t->layout_ = layout;
  t->use_layout();
  if (getrandom(&t->seed, sizeof(t->seed), 0) != sizeof(t->seed))
    t->seed = reinterpret_cast<uintptr_t>(t.get());
  return t;
}

void FlowTable::use_layout() {
  stride = layout_.stride;
  value_offset = layout_.value_offset;
  key_size = layout_.key_size;
}

void FlowTable::set_owner(hc_shard* owner, void* object, const hc_state& declaration, uint32_t limit) {
  shard = owner;
  object_ = object;
  expire_ = declaration.expire;
  layout_.defaults = declaration.defaults;
  capacity = limit < max_slots_ ? limit : max_slots_;
}

void FlowTable::index_put(uint64_t* in, uint32_t mask, uint32_t hash, uint32_t slot) {
  uint32_t i = hash & mask;
  while (in[i] != 0) i = (i + 1) & mask;
  in[i] = entry_of(hash, slot);
}

bool FlowTable::index_find(const uint64_t* in, uint32_t mask, uint32_t hash, uint32_t slot,
                           uint32_t& at) const {
  const uint64_t wanted = entry_of(hash, slot);
  for (uint32_t i = hash & mask; in[i] != 0; i = (i + 1) & mask) {
    if (in[i] == wanted) {
      at = i;
      return true;
    }
  }
  return false;
}

uint32_t FlowTable::insert(uint32_t hash, const void* key) {
  if (old_index) grow_step();
  if (live >= capacity) return no_slot;
  uint32_t slot = free_head_;
  if (slot != no_slot) {
    if (record(slot).layout != hc_table::layout) convert(slot);
    free_head_ = record(slot).link;
  } else {
    if (high_water_ >= max_slots_) return no_slot;
    slot = high_water_++;
  }
  hc_record& r = record(slot);
  memset(static_cast<void*>(&r), 0, stride);
  r.hash = hash;
  r.layout = static_cast<uint16_t>(hc_table::layout);
  r.flags = HC_RECORD_LIVE;
  memcpy(&r + 1, key, key_size);
  if (layout_.defaults) layout_.defaults(value_of(slot));
  index_put(index, index_mask, hash, slot);
  ++live;
  mark(slot);
  if (!old_index && live > index_mask / 2) start_growth();
  return slot;
}

void FlowTable::erase(uint32_t slot) {
  hc_record& r = record(slot);
  if (!(r.flags & HC_RECORD_LIVE)) return;
  uint32_t at;
  if (old_index && index_find(old_index, old_mask, r.hash, slot, at)) {
    old_index[at] = static_cast<uint64_t>(r.hash) << 32 | tombstone;  // chains stay whole until it is left
  }
  if (index_find(index, index_mask, r.hash, slot, at)) {
    // Close the gap: move back every later entry of the run that may stand there.
    uint32_t hole = at;
    for (uint32_t i = (at + 1) & index_mask; index[i] != 0; i = (i + 1) & index_mask) {
      const uint32_t home = static_cast<uint32_t>(index[i] >> 32) & index_mask;
      if (((i - home) & index_mask) >= ((i - hole) & index_mask)) {
        index[hole] = index[i];
        hole = i;
      }
    }
    index[hole] = 0;
  }
  r.flags = 0;
  r.expires = 0;
  r.link = free_head_;
  free_head_ = slot;
  --live;
  mark(slot);
}

void FlowTable::start_growth() {
  const uint32_t size = (index_mask + 1) * 2;
  if (size > max_slots_ * 2) return;  // the load stays at most one half: capacity <= max_slots
  old_index = index;
  old_mask = index_mask;
  index = reinterpret_cast<uint64_t*>(index_arena_.data()) + size;
  index_mask = size - 1;
  grow_at_ = 0;
}

void FlowTable::grow_step() {
  if (!old_index) return;
  uint32_t end = grow_at_ + 64;
  if (end > old_mask + 1) end = old_mask + 1;
  for (; grow_at_ < end; ++grow_at_) {
    const uint64_t entry = old_index[grow_at_];
    if (entry == 0 || static_cast<uint32_t>(entry) == tombstone) continue;
    const auto hash = static_cast<uint32_t>(entry >> 32);
    index_put(index, index_mask, hash, static_cast<uint32_t>(entry) - 1);
  }
  if (grow_at_ > old_mask) old_index = nullptr;
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
  if (converting() && !retired_records_.ok()) {
    worked = true;
    for (uint32_t n = 0; n < convert_budget && convert_at_ < convert_end_; ++n) convert(convert_at_++);
    if (convert_at_ >= convert_end_) {
      retired_records_ = std::move(old_records_);
      retired_conversion_ = std::move(conversion_);
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
  return {std::move(retired_records_), std::move(retired_conversion_)};
}

uint32_t FlowTable::publish_page(uint32_t& cursor, uint32_t& page, uint8_t* out) {
  const uint32_t pages = (high_water_ + (1u << page_shift) - 1) >> page_shift;
  while (cursor < pages) {
    const uint64_t word = dirty[cursor >> 6] >> (cursor & 63);
    if (word == 0) {
      cursor = (cursor | 63) + 1;
      continue;
    }
    cursor += static_cast<uint32_t>(std::countr_zero(word));
    if (cursor >= pages) break;
    page = cursor++;
    dirty[page >> 6] &= ~(1ull << (page & 63));
    uint64_t bitmap = 0;
    uint8_t* at = out + 8;
    const uint32_t bytes = layout_.record_size();
    for (uint32_t i = 0; i < 1u << page_shift; ++i) {
      const uint32_t slot = (page << page_shift) + i;
      if (slot >= high_water_) break;
      hc_record& r = record(slot);
      if (r.layout != hc_table::layout) convert(slot);
      if (!(r.flags & HC_RECORD_LIVE)) continue;
      bitmap |= 1ull << i;
      memcpy(at, &r.expires, 8);  // expires and link
      memcpy(at + 8, &r + 1, bytes);
      at += 8 + bytes;
    }
    // A conversion just made marks the page again; what is written now is already the new layout.
    dirty[page >> 6] &= ~(1ull << (page & 63));
    memcpy(out, &bitmap, 8);
    return static_cast<uint32_t>(at - out);
  }
  cursor = 0;
  return 0;
}

void FlowTable::mark_all_dirty() {
  const uint32_t pages = (high_water_ + (1u << page_shift) - 1) >> page_shift;
  for (uint32_t page = 0; page < pages; ++page) dirty[page >> 6] |= 1ull << (page & 63);
}

bool FlowTable::load_page(uint32_t page, const uint8_t* data, size_t size, const TableLayout& from,
                          const Conversion* conversion) {
  if (size < 8 || from.key_size != key_size || page >= max_slots_ >> page_shift) return false;
  uint64_t bitmap;
  memcpy(&bitmap, data, 8);
  const uint32_t each = 8 + from.record_size();
  if (size != 8 + static_cast<size_t>(std::popcount(bitmap)) * each) return false;
  const uint32_t first = page << page_shift;
  if (high_water_ < first + (1u << page_shift)) high_water_ = first + (1u << page_shift);
  const uint8_t* at = data + 8;
  for (uint64_t rest = bitmap; rest != 0; rest &= rest - 1, at += each) {
    const uint32_t slot = first + static_cast<uint32_t>(std::countr_zero(rest));
    hc_record& r = record(slot);
    if (r.flags & HC_RECORD_LIVE) return false;  // the same page twice
    memcpy(&r.expires, at, 8);
    memcpy(&r + 1, at + 8, key_size);
    uint8_t* value = value_of(slot);
    if (layout_.defaults) layout_.defaults(value);
    const uint8_t* old = at + 8 + (from.value_offset - sizeof(hc_record));
    if (conversion)
      conversion->run(old, value);
    else
      memcpy(value, old, from.value_size);
    r.hash = hash_key(&r + 1, key_size, seed);
    r.flags = HC_RECORD_LIVE;
    r.layout = static_cast<uint16_t>(hc_table::layout);
    index_put(index, index_mask, r.hash, slot);
    ++live;
    while (!old_index && live > index_mask / 2) {
      start_growth();
      if (!old_index) break;
      while (old_index) grow_step();
    }
  }
  if (conversion) mark(first);
  return true;
}

void FlowTable::finish_load() {
  free_head_ = no_slot;
  for (uint32_t slot = high_water_; slot-- > 0;) {
    hc_record& r = record(slot);
    if (r.flags & HC_RECORD_LIVE) continue;
    r.layout = static_cast<uint16_t>(hc_table::layout);
    r.link = free_head_;
    free_head_ = slot;
  }
}

uint64_t FlowTable::memory() const {
  return static_cast<uint64_t>(high_water_) * stride + (index_mask + 1ull) * sizeof(uint64_t);
}

}  // namespace hotclick::core
