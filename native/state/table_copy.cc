#include "table_copy.hh"

#include <sys/mman.h>

#include <bit>
#include <new>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

namespace hotclick::core {
namespace {
constexpr uint32_t slots_a_page = 1u << FlowTable::publish_shift;
}

std::unique_ptr<TableCopy> TableCopy::create(FlowTable& table) {
  std::unique_ptr<TableCopy> copy(new (std::nothrow) TableCopy(table));
  if (!copy) return nullptr;
  const uint32_t most = table.max_slots() / slots_a_page + 1;
  const uint32_t now = table.high_water() / slots_a_page + 1;
  copy->stride_ = (table.page_bytes() + 63u) & ~63u;
  copy->size_ = copy->stride_ * most;
  copy->sizes_.reset(new (std::nothrow) uint32_t[most]());
  copy->pending_.reset(new (std::nothrow) uint64_t[most / 64 + 1]());
  copy->taken_.reset(new (std::nothrow) uint64_t[most / 64 + 1]());
  void* at =
      mmap(nullptr, copy->size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (at == MAP_FAILED || !copy->sizes_ || !copy->pending_ || !copy->taken_) {
    if (at != MAP_FAILED) munmap(at, copy->size_);
    return nullptr;
  }
  copy->memory_ = static_cast<uint8_t*>(at);
  // The shard must neither wait for zeroed pages nor for huge ones.
  madvise(at, copy->size_, MADV_NOHUGEPAGE);
  madvise(at, (copy->stride_ * now + 4095) & ~size_t{4095}, MADV_POPULATE_WRITE);
  return copy;
}

TableCopy::~TableCopy() {
  if (memory_) munmap(memory_, size_);
}

uint32_t TableCopy::words() const {
  return table_.high_water() / slots_a_page / 64 + 1;
}

bool TableCopy::step(uint32_t& budget) {
  const uint32_t n = words();
  if (!begun_) {
    begun_ = true;
    const uint32_t pages = (table_.high_water() + slots_a_page - 1) / slots_a_page;
    for (uint32_t page = 0; page < pages; ++page) pending_[page >> 6] |= 1ull << (page & 63);
  }
  for (uint32_t w = 0; w < n; ++w) {
    taken_[w] |= table_.dirty[w];
    pending_[w] |= table_.dirty[w];
    table_.dirty[w] = 0;
    for (; pending_[w] != 0; pending_[w] &= pending_[w] - 1) {
      if (budget == 0) return false;
      --budget;
      const uint32_t page = w * 64 + static_cast<uint32_t>(std::countr_zero(pending_[w]));
      sizes_[page] = table_.pack_page(page, place(page));
    }
  }
  return true;
}

void TableCopy::end() {
  if (!begun_) return;
  for (uint32_t w = 0; w < words(); ++w) table_.dirty[w] |= taken_[w];
}

std::vector<TableCopy::Page> TableCopy::pages() const {
  std::vector<Page> out;
  const uint32_t n = table_.max_slots() / slots_a_page;
  for (uint32_t page = 0; page < n; ++page) {
    if (sizes_[page] > sizeof(uint64_t)) out.push_back({page, sizes_[page], place(page)});
  }
  return out;
}

}  // namespace hotclick::core
