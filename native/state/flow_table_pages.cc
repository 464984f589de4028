// A table's way to the store and back: pages as engine/state/state-page.ts describes them.
#include <bit>
#include <cstring>

#include "flow_table.hh"

namespace hotclick::core {

uint32_t FlowTable::publish_page(uint32_t& cursor, uint32_t& page, uint8_t* out) {
  const uint32_t pages = published_pages();
  while (cursor < pages) {
    const uint64_t word = dirty[cursor >> 6] >> (cursor & 63);
    if (word == 0) {
      cursor = (cursor | 63) + 1;
      continue;
    }
    cursor += static_cast<uint32_t>(std::countr_zero(word));
    if (cursor >= pages) break;
    page = cursor++;
    return pack_page(page, out);
  }
  cursor = 0;
  return 0;
}

uint32_t FlowTable::pack_page(uint32_t page, uint8_t* out) {
  uint64_t bitmap = 0;
  uint8_t* at = out + 8;
  const uint32_t bytes = layout_->record_size();
  for (uint32_t i = 0; i < 1u << page_shift; ++i) {
    const uint32_t slot = (page << page_shift) + i;
    if (slot >= head_->high_water) break;
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

void FlowTable::mark_all_dirty() {
  mark_pages(used_pages());
}

void FlowTable::take_name_of(FlowTable& before) {
  vacated_pages_ = before.published_pages();
  before.vacated_pages_ = 0;
  mark_pages(vacated_pages_);
  before.mark_all_dirty();
}

bool FlowTable::load_page(uint32_t page, const uint8_t* data, size_t size, const TableLayout& from,
                          const Conversion* conversion) {
  if (size < 8 || from.key_size != key_size || page >= max_slots_ >> page_shift) return false;
  uint64_t bitmap;
  memcpy(&bitmap, data, 8);
  const uint32_t each = 8 + from.record_size();
  if (size != 8 + static_cast<size_t>(std::popcount(bitmap)) * each) return false;
  const uint32_t first = page << page_shift;
  if (head_->high_water < first + (1u << page_shift)) head_->high_water = first + (1u << page_shift);
  uint32_t hashes[1u << publish_shift];
  const uint8_t* at = data + 8;
  uint32_t n = 0;
  for (uint64_t rest = bitmap; rest != 0; rest &= rest - 1, at += each) {
    hashes[n] = hash_key(at + 8, key_size, seed);
    prefetch_write(&index[hashes[n++] & index_mask]);
  }
  at = data + 8;
  n = 0;
  for (uint64_t rest = bitmap; rest != 0; rest &= rest - 1, at += each) {
    const uint32_t slot = first + static_cast<uint32_t>(std::countr_zero(rest));
    hc_record& r = record(slot);
    if (r.flags & HC_RECORD_LIVE) return false;  // the same page twice
    memcpy(&r.expires, at, 8);
    memcpy(&r + 1, at + 8, key_size);
    uint8_t* value = value_of(slot);
    const uint8_t* old = at + 8 + (from.value_offset - sizeof(hc_record));
    if (conversion) {
      if (layout_->defaults) layout_->defaults(value);
      conversion->run(old, value);
    } else {
      memcpy(value, old, from.value_size);
    }
    r.hash = hashes[n++];
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

bool FlowTable::renew_page(uint32_t page, const uint8_t* data, size_t size, const TableLayout& from,
                           const Conversion* conversion) {
  if (page >= max_slots_ >> page_shift) return false;
  const uint32_t first = page << page_shift, end = first + (1u << page_shift);
  for (uint32_t slot = first; slot < end && slot < head_->high_water; ++slot) erase(slot);
  return load_page(page, data, size, from, conversion);
}

void FlowTable::finish_load() {
  head_->free_head = no_slot;
  for (uint32_t slot = head_->high_water; slot-- > 0;) {
    hc_record& r = record(slot);
    if (r.flags & HC_RECORD_LIVE) continue;
    r.layout = static_cast<uint16_t>(hc_table::layout);
    r.link = head_->free_head;
    head_->free_head = slot;
  }
}

}  // namespace hotclick::core
