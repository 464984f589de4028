#include "static_arena.hh"

#include <cstring>

namespace hotclick::core {
namespace {
constexpr size_t arena_size = 64u << 20;
}

std::shared_ptr<StaticArena> StaticArena::create() {
  auto arena = std::make_shared<StaticArena>();
  arena->region_ = MappedRegion::create("hotclick-static", arena_size);
  return arena->region_.ok() ? arena : nullptr;
}

std::shared_ptr<uint8_t> StaticArena::allocate(uint32_t size) {
  const uint32_t rounded = (size + 63u) & ~63u;
  uint8_t* at = nullptr;
  auto& list = free_[rounded];
  if (!list.empty()) {
    at = list.back();
    list.pop_back();
    memset(at, 0, rounded);
  } else {
    if (used_ + rounded > region_.size()) return nullptr;
    at = region_.data() + used_;
    used_ += rounded;
  }
  // The deleter keeps the arena.
  return {at, [arena = shared_from_this(), rounded](uint8_t* p) { arena->free_[rounded].push_back(p); }};
}

}  // namespace hotclick::core
