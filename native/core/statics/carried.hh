/// The undeclared statics of a class in one shard: giving them pages, taking them over, looking for addresses in
/// them.
#pragma once
#include <memory>
#include <string>

#include "../../state/schema.hh"
#include "../library.hh"
#include "../mapped_region.hh"

namespace hotclick::core {

/// Where the statics of a class are in a shard. The library is not kept: with its last instance they are gone.
struct CarriedStatics {
  std::weak_ptr<Library> library;
  /// Behind them, when they have pages of their own; otherwise they lie in the library's own memory.
  std::shared_ptr<MappedRegion> pages;
  /// Until the swap is done: the library that they come from.
  std::shared_ptr<Library> from;
};

/// Copies that wait for the swap. Each is a memcpy.
class StaticsTakeover {
 public:
  StaticsTakeover() = default;
  StaticsTakeover(const StaticsMatch& match, std::shared_ptr<Library> from, std::shared_ptr<Library> to);
  /// On the shard; run_back() takes them to where they came from.
  void run() const;
  void run_back() const;

 private:
  std::vector<StaticsCopy> copies_;
  std::shared_ptr<Library> from_, to_;
};

/// Puts shared pages with the same content behind the statics of a library that does not run yet. Null when the
/// kernel refuses; then they stay where they are.
std::shared_ptr<MappedRegion> give_pages(const Library& library, const std::string& class_name);
/// Puts the pages of another version with the same layout there.
bool use_pages(const Library& library, const MappedRegion& pages);

/// The name of a variable of `library` that holds an address in `gone`; empty when none does.
std::string points_into(const Library& library, const Library& gone);

/// How the store keeps them: a field for each variable. Empty when they cannot outlive the process, because
/// addresses may be among them or they are too large to be published.
SchemaCopy statics_schema(const StaticsLayout& layout);
/// Writes a stored value to a library that does not run yet; the names of what has no place in it.
std::vector<std::string> restore_statics(const Library& library, const SchemaCopy& schema,
                                         const uint8_t* value);

}  // namespace hotclick::core
