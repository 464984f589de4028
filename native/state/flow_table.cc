#include "flow_table.hh"

#include <sys/random.h>

#include <bit>
#include <cstring>
#include <new>

#include "../core/swap_code.hh"

namespace hotclick::core {
namespace {
constexpr uint32_t reserved_slots = 1u << 22;
constexpr uint32_t tombstone = no_slot;  // as "slot + 1" in an index that is being left

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
  if (!t->records_.ok() || !t->make_index(t->max_slots_, error)) {
    error = "no memory for table '" + name + "' with room for " + std::to_string(t->max_slots_) + " records";
    return nullptr;
  }
  t->records = t->records_.data();
  hc_table& base = *t;
  base.layout = 1;
  t->capacity = capacity;
  *t->layout_ = layout;
  t->use_layout();
  if (getrandom(&t->seed, sizeof(t->seed), 0) != sizeof(t->seed))
    t->seed = reinterpret_cast<uintptr_t>(t.get());
  t->head_->seed = t->seed;
  return t;
}

bool FlowTable::make_index(uint32_t max_slots, std::string& error) {
  max_slots_ = max_slots;
  index_arena_ = MappedRegion::create("hotclick-index", index_region_size(max_slots));
  if (!index_arena_.ok()) {
    error = "no memory for the index of table '" + name_ + "'";
    return false;
  }
  use_index_region();
  head_->max_slots = max_slots;
  head_->free_head = no_slot;
  index = index_of_size(first_index_size);
  index_mask = first_index_size - 1;
  return true;
}

void FlowTable::use_index_region() {
  head_ = reinterpret_cast<TableHead*>(index_arena_.data());
  dirty = index_of_size(uint64_t{max_slots_} * 4);
  page_shift = publish_shift;
}

HC_SWAP_CODE void FlowTable::use_layout() {
  stride = layout_->stride;
  value_offset = layout_->value_offset;
  key_size = layout_->key_size;
}

HC_SWAP_CODE void FlowTable::set_owner(hc_shard* owner, void* object, const hc_state& declaration,
                                       uint32_t limit) {
  shard = owner;
  object_ = object;
  expire_ = declaration.expire;
  layout_->defaults = declaration.defaults;
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

uint32_t FlowTable::index_probe(const uint64_t* in, uint32_t mask, uint32_t hash, const void* key) {
  for (uint32_t i = hash & mask; in[i] != 0; i = (i + 1) & mask) {
    const auto slot = static_cast<uint32_t>(in[i]) - 1;
    if (static_cast<uint32_t>(in[i] >> 32) != hash || slot == tombstone - 1) continue;
    if (memcmp(&settled(slot) + 1, key, key_size) == 0) return slot;
  }
  return no_slot;
}

uint32_t FlowTable::find(const void* key) {
  const uint32_t hash = hash_key(key, key_size, seed);
  const uint32_t slot = index_probe(index, index_mask, hash, key);
  return slot == no_slot && old_index ? index_probe(old_index, old_mask, hash, key) : slot;
}

uint32_t FlowTable::insert(uint32_t hash, const void* key) {
  if (old_index) grow_step();
  if (live >= capacity) return no_slot;
  uint32_t slot = head_->free_head;
  if (slot != no_slot) {
    if (record(slot).layout != hc_table::layout) convert(slot);
    head_->free_head = record(slot).link;
  } else {
    if (head_->high_water >= max_slots_) return no_slot;
    slot = head_->high_water++;
  }
  hc_record& r = record(slot);
  memset(static_cast<void*>(&r), 0, stride);
  r.hash = hash;
  r.layout = static_cast<uint16_t>(hc_table::layout);
  memcpy(&r + 1, key, key_size);
  if (layout_->defaults) layout_->defaults(value_of(slot));
  __atomic_store_n(&r.flags, HC_RECORD_LIVE, __ATOMIC_RELEASE);  // whole from here on, also after a crash
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
  r.link = head_->free_head;
  head_->free_head = slot;
  --live;
  mark(slot);
}

void FlowTable::expect(uint64_t records) {
  if (live != 0 || old_index) return;
  uint64_t size = index_mask + uint64_t{1};
  while (size / 2 < records && size < max_slots_ * uint64_t{2}) size *= 2;
  index = index_of_size(size);
  index_mask = static_cast<uint32_t>(size - 1);
}

void FlowTable::start_growth() {
  const uint32_t size = (index_mask + 1) * 2;
  if (size > max_slots_ * 2) return;  // the load stays at most one half: capacity <= max_slots
  old_index = index;
  old_mask = index_mask;
  index = index_of_size(size);
  index_mask = size - 1;
  head_->grow_at = 0;
}

void FlowTable::grow_step() {
  if (!old_index) return;
  uint32_t end = head_->grow_at + 64;
  if (end > old_mask + 1) end = old_mask + 1;
  for (; head_->grow_at < end; ++head_->grow_at) {
    const uint64_t entry = old_index[head_->grow_at];
    if (entry == 0 || static_cast<uint32_t>(entry) == tombstone) continue;
    const auto hash = static_cast<uint32_t>(entry >> 32);
    index_put(index, index_mask, hash, static_cast<uint32_t>(entry) - 1);
  }
  if (head_->grow_at > old_mask) old_index = nullptr;
}

uint64_t FlowTable::memory() const {
  return static_cast<uint64_t>(head_->high_water) * stride + (index_mask + 1ull) * sizeof(uint64_t);
}

}  // namespace hotclick::core
