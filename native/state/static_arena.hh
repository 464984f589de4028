/// Fixed-size state: blocks in one shared mapping a shard, and the pages behind libraries' state sections.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "../core/mapped_region.hh"
#include "schema.hh"

namespace hotclick::core {

/// Blocks of static state of one shard. Off the packet path only (the blocks themselves are the shard's).
class StaticArena : public std::enable_shared_from_this<StaticArena> {
 public:
  static std::shared_ptr<StaticArena> create();
  /// 64-byte aligned zeroed memory that returns to the arena with the last reference. Null when it is full.
  std::shared_ptr<uint8_t> allocate(uint32_t size);

 private:
  MappedRegion region_;
  size_t used_ = 0;
  std::map<uint32_t, std::vector<uint8_t*>> free_;
};

/// The pages of one library section in one shard, which every version of the library with that layout maps.
struct SectionPages {
  SchemaCopy schema;
  MappedRegion pages;
};

}  // namespace hotclick::core
