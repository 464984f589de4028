#include "static_arena.hh"

#include <cstring>

namespace hotclick::core {
namespace {
/// Address space; memory is what is used of it. Queues of many packets are the largest blocks.
constexpr size_t arena_size = 1u << 30;
}  // namespace

std::shared_ptr<StaticArena> StaticArena::create() {
  auto arena = std::make_shared<StaticArena>();
  arena->region_ = MappedRegion::create("hotclick-static", arena_size);
  return arena->region_.ok() ? arena : nullptr;
}

std::shared_ptr<StaticArena> StaticArena::adopt(int fd, const ArenaPlan& plan) {
  auto arena = std::make_shared<StaticArena>();
  arena->region_ = MappedRegion::adopt(fd, plan.used);
  if (!arena->region_.ok()) return nullptr;
  arena->used_ = rounded(plan.used);
  for (size_t i = 0; i + 1 < plan.free.size(); i += 2) {
    const uint64_t offset = plan.free[i], size = plan.free[i + 1];
    if (offset % 64 != 0 || size % 64 != 0 || offset > arena->used_ || size > arena->used_ - offset)
      return nullptr;
    arena->free_[size].push_back(arena->region_.data() + offset);
  }
  return arena;
}

std::shared_ptr<uint8_t> StaticArena::allocate(uint64_t size) {
  size = rounded(size);
  uint8_t* at = nullptr;
  auto& list = free_[size];
  if (!list.empty()) {
    at = list.back();
    list.pop_back();
  } else {
    if (size > region_.size() - used_) return nullptr;
    at = region_.data() + used_;
    used_ += size;
  }
  // A successor that gave up may have written to what was never used here.
  memset(at, 0, size);
  return own(at, size);
}

std::shared_ptr<uint8_t> StaticArena::share(uint64_t offset, uint64_t size) {
  size = rounded(size);
  if (offset % 64 != 0 || !look(offset, size)) return nullptr;
  return own(region_.data() + offset, size);
}

const uint8_t* StaticArena::look(uint64_t offset, uint64_t size) const {
  return offset > used_ || size > used_ - offset ? nullptr : region_.data() + offset;
}

std::shared_ptr<uint8_t> StaticArena::own(uint8_t* at, uint64_t size) {
  // The deleter keeps the arena.
  return {at, [arena = shared_from_this(), size](uint8_t* p) { arena->free_[size].push_back(p); }};
}

ArenaPlan StaticArena::plan() const {
  ArenaPlan plan;
  plan.used = used_;
  for (const auto& [size, blocks] : free_) {
    for (const uint8_t* at : blocks) {
      plan.free.push_back(offset_of(at));
      plan.free.push_back(size);
    }
  }
  return plan;
}

}  // namespace hotclick::core
