/// Fixed-size state: blocks in one shared mapping a shard, and the pages behind libraries' state sections.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "../core/mapped_region.hh"
#include "schema.hh"

namespace hotclick::core {

/// Where blocks lie and which are free: what another engine must know to go on with the memory.
struct ArenaPlan {
  uint64_t used = 0;
  std::vector<uint64_t> free;  // offset and size by turns
};

/// Blocks of one shard that other engines can go on with: static state, counters, queues, places in rings. Off
/// the packet path only (the blocks themselves are the shard's).
class StaticArena : public std::enable_shared_from_this<StaticArena> {
 public:
  static std::shared_ptr<StaticArena> create();
  /// The arena of another engine, mapped as well; null when it is not that large. What it has in use stays so
  /// until share() gives it to somebody here.
  static std::shared_ptr<StaticArena> adopt(int fd, const ArenaPlan& plan);

  /// 64-byte aligned zeroed memory that returns to the arena with the last reference. Null when it is full.
  std::shared_ptr<uint8_t> allocate(uint64_t size);
  /// A block that the arena had in use when it was adopted; it returns like any other. Null when there is none.
  std::shared_ptr<uint8_t> share(uint64_t offset, uint64_t size);

  /// The bytes at an offset; null when they were never in use.
  const uint8_t* look(uint64_t offset, uint64_t size) const;

  uint64_t offset_of(const uint8_t* block) const { return static_cast<uint64_t>(block - region_.data()); }
  const MappedRegion& region() const { return region_; }
  ArenaPlan plan() const;

 private:
  static uint64_t rounded(uint64_t size) { return (size + 63) & ~uint64_t{63}; }
  std::shared_ptr<uint8_t> own(uint8_t* at, uint64_t size);

  MappedRegion region_;
  uint64_t used_ = 0;
  std::map<uint64_t, std::vector<uint8_t*>> free_;  // by size
};

/// The pages of one library section in one shard, which every version of the library with that layout maps.
struct SectionPages {
  SchemaCopy schema;
  MappedRegion pages;
};

}  // namespace hotclick::core
