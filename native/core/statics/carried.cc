#include "carried.hh"

#include <hotclick/abi.h>
#include <sys/mman.h>

#include <cstdio>
#include <cstring>
#include <map>
#include <string_view>

#include "../swap_code.hh"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

namespace hotclick::core {
namespace {

/// Every sync copies them in one go on the shard: at most some µs.
constexpr uint64_t largest_stored = 64u << 10;
/// Pages that are brought in before the swap rather than with the first packets after it.
constexpr uint64_t largest_populated = 2u << 20;

void populate(uint8_t* begin, uint64_t size) {
  const uintptr_t first = reinterpret_cast<uintptr_t>(begin) & ~(page_size - 1);
  // Refused before Linux 5.14: then the faults happen later.
  madvise(reinterpret_cast<void*>(first), reinterpret_cast<uintptr_t>(begin + size) - first,
          MADV_POPULATE_WRITE);
}

bool is_zero(const uint8_t* page) {
  return page[0] == 0 && memcmp(page, page + 1, page_size - 1) == 0;
}

}  // namespace

StaticsTakeover::StaticsTakeover(const StaticsMatch& match, std::shared_ptr<Library> from,
                                 std::shared_ptr<Library> to)
    : copies_(match.copies), from_(std::move(from)), to_(std::move(to)) {
  for (const StaticsCopy& c : copies_) populate(to_->at(c.to), c.size);
}

HC_SWAP_CODE void StaticsTakeover::run() const {
  for (const StaticsCopy& c : copies_) memcpy(to_->at(c.to), from_->at(c.from), c.size);
}

void StaticsTakeover::run_back() const {
  for (const StaticsCopy& c : copies_) memcpy(from_->at(c.from), to_->at(c.to), c.size);
}

std::shared_ptr<MappedRegion> give_pages(const Library& library, const std::string& class_name) {
  const StaticsLayout& layout = *library.statics();
  auto pages = std::make_shared<MappedRegion>(
      MappedRegion::create(("hotclick-statics-" + class_name).c_str(), layout.size()));
  if (!pages->ok()) return nullptr;
  const uint8_t* from = library.at(layout.begin);
  for (uint64_t at = 0; at < layout.size(); at += page_size) {
    if (!is_zero(from + at)) memcpy(pages->data() + at, from + at, page_size);
  }
  return use_pages(library, *pages) ? pages : nullptr;
}

bool use_pages(const Library& library, const MappedRegion& pages) {
  const StaticsLayout& layout = *library.statics();
  if (!pages.map_over(library.at(layout.begin), layout.size())) return false;
  if (layout.size() <= largest_populated) populate(library.at(layout.begin), layout.size());
  return true;
}

std::string points_into(const Library& library, const Library& gone) {
  for (const StaticObject& o : library.statics()->objects) {
    if (!o.may_point) continue;
    const uint8_t* begin = library.at(o.address);
    const uint8_t* end = begin + o.size;
    auto* word = reinterpret_cast<const uintptr_t*>((reinterpret_cast<uintptr_t>(begin) + 7) & ~uintptr_t{7});
    // A shard may be writing them: each is one aligned word.
    for (; reinterpret_cast<const uint8_t*>(word + 1) <= end; ++word) {
      const uintptr_t value = __atomic_load_n(word, __ATOMIC_RELAXED);
      if (value >= gone.begin() && value < gone.end()) return o.name;
    }
  }
  return "";
}

SchemaCopy statics_schema(const StaticsLayout& layout) {
  SchemaCopy schema;
  if (layout.empty() || layout.size() > largest_stored || !layout.typed()) return schema;
  for (const StaticObject& o : layout.objects) {
    if (o.may_point) return SchemaCopy();
    Field field;
    field.name = o.name;
    if (o.value == HC_BYTES) {  // says what the bytes mean, so that they are not taken for others
      char mark[16];
      snprintf(mark, sizeof(mark), " #%08x", static_cast<uint32_t>(o.type));
      field.name += mark;
    }
    field.type = o.value;
    field.offset = static_cast<uint32_t>(o.address - layout.begin);
    field.size = static_cast<uint32_t>(o.size);
    schema.fields.push_back(std::move(field));
  }
  schema.version = 1;
  schema.size = static_cast<uint32_t>(layout.size());
  return schema;
}

std::vector<std::string> restore_statics(const Library& library, const SchemaCopy& schema,
                                         const uint8_t* value) {
  const StaticsLayout& layout = *library.statics();
  const SchemaCopy now = statics_schema(layout);
  std::map<std::string_view, const Field*> by_name;
  for (const Field& f : now.fields) by_name[f.name] = &f;
  std::vector<std::string> left;
  for (const Field& stored : schema.fields) {
    const auto at = by_name.find(stored.name);
    if (at != by_name.end() && at->second->type == stored.type && at->second->size == stored.size)
      memcpy(library.at(layout.begin + at->second->offset), value + stored.offset, stored.size);
    else
      left.push_back(stored.name);
  }
  return left;
}

}  // namespace hotclick::core
