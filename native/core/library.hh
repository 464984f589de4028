/// Element libraries: loading, checking, unloading, and what their descriptors say as JSON.
#pragma once
#include <hotclick/abi.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "statics/match.hh"

namespace hotclick::core {

/// What is done about static variables that a library has not declared as state.
enum class Statics {
  mapped,   // there must be none: declared ones lie in the section `hcstate`, whose pages are mapped
  symbols,  // they are copied, paired by symbols and debug information
  compiled  // they are mapped or copied by the layout that the build has written
};
std::optional<Statics> statics_by_name(std::string_view name);

/// One loaded copy of an element library. The file's bytes are copied into a memory file first and loaded
/// from there: the loader would give back an old library for a path that it has seen before.
class Library {
 public:
  /// Null with `error` set. The bytes have been checked, and `statics` are their undeclared static variables, or
  /// null. The error begins with "HC_LIBRARY" and a colon.
  static std::shared_ptr<Library> load(const std::vector<uint8_t>& bytes,
                                       std::shared_ptr<const StaticsLayout> statics, std::string& error);
  ~Library();
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;

  const hc_descriptor& descriptor() const { return *descriptor_; }
  bool has_section() const;
  /// The addresses it takes up, from its first page to behind its last.
  uintptr_t begin() const { return begin_; }
  uintptr_t end() const { return end_; }
  uintptr_t code_begin() const { return code_begin_; }
  bool has_code(uintptr_t address) const { return address - code_begin_ < code_size_; }
  /// Name of the function at that address and the distance from its begin, "" when the library was stripped. Off
  /// the path.
  std::string function_at(uintptr_t address) const;

  /// The undeclared static variables; null when there are none.
  const std::shared_ptr<const StaticsLayout>& statics() const { return statics_; }
  /// Where an address of the library's image lies in memory.
  uint8_t* at(uint64_t address) const { return reinterpret_cast<uint8_t*>(begin_ + address); }

 private:
  Library() = default;
  void populate();
  void* handle_ = nullptr;
  int fd_ = -1;
  uintptr_t begin_ = 0, end_ = 0, code_begin_ = 0, code_size_ = 0;
  const hc_descriptor* descriptor_ = nullptr;
  std::shared_ptr<const StaticsLayout> statics_;
};

/// A class at one version, ready for every shard: one copy for all, or one for each when the class has static
/// variables (a shard shares nothing, its statics neither).
class ElementVersion {
 public:
  /// Null with `error` set, which begins with HC_LIBRARY, HC_STATE_DECLARATION or HC_STATICS and a colon.
  static std::shared_ptr<ElementVersion> load(const std::string& path, uint32_t shards, std::string& error,
                                              Statics statics = Statics::mapped);
  const std::shared_ptr<Library>& in(uint32_t shard) const {
    return copies_[copies_.size() == 1 ? 0 : shard];
  }
  const hc_descriptor& descriptor() const { return copies_[0]->descriptor(); }
  const std::shared_ptr<const StaticsLayout>& statics() const { return copies_[0]->statics(); }
  /// Whether undeclared statics go by the layout that the build has written.
  bool by_layout() const { return mode_ == Statics::compiled; }
  /// ns it took to find out about undeclared statics when it was loaded.
  uint64_t statics_read_ns() const { return statics_read_ns_; }
  /// How the statics of another version become ours: worked out once, for all shards.
  const StaticsMatch& match_statics_of(const std::shared_ptr<const StaticsLayout>& from,
                                       bool may_lose = false);
  /// What engine/graph/element-class.ts calls an ElementClass, as JSON.
  std::string describe() const;

 private:
  std::vector<std::shared_ptr<Library>> copies_;
  Statics mode_ = Statics::mapped;
  uint64_t statics_read_ns_ = 0;
  std::shared_ptr<const StaticsLayout> matched_;  // what match_ is with
  StaticsMatch match_;
};

}  // namespace hotclick::core
