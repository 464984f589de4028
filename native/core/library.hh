/// Element libraries: loading, checking, unloading, and what their descriptors say as JSON.
#pragma once
#include <hotclick/abi.h>

#include <memory>
#include <string>
#include <vector>

namespace hotclick::core {

/// One loaded copy of an element library. The file's bytes are copied into a memory file first and loaded
/// from there: the loader would give back an old library for a path that it has seen before.
class Library {
 public:
  /// Null with `error` set. The error begins with "HC_LIBRARY" or "HC_STATE_DECLARATION" and a colon.
  static std::shared_ptr<Library> load(const std::vector<uint8_t>& bytes, std::string& error);
  ~Library();
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;

  const hc_descriptor& descriptor() const { return *descriptor_; }
  bool has_section() const;
  /// The addresses it takes up, from its first page to behind its last.
  uintptr_t begin() const { return begin_; }
  uintptr_t end() const { return end_; }

 private:
  Library() = default;
  void populate();
  void* handle_ = nullptr;
  int fd_ = -1;
  uintptr_t begin_ = 0, end_ = 0;
  const hc_descriptor* descriptor_ = nullptr;
};

/// A class at one version, ready for every shard: one copy for all, or one for each when the class has static
/// variables (a shard shares nothing, its statics neither).
class ElementVersion {
 public:
  static std::shared_ptr<ElementVersion> load(const std::string& path, uint32_t shards, std::string& error);
  const std::shared_ptr<Library>& in(uint32_t shard) const {
    return copies_[copies_.size() == 1 ? 0 : shard];
  }
  const hc_descriptor& descriptor() const { return copies_[0]->descriptor(); }
  /// What engine/graph/element-class.ts calls an ElementClass, as JSON.
  std::string describe() const;

 private:
  std::vector<std::shared_ptr<Library>> copies_;
};

}  // namespace hotclick::core
