/// Looks for addresses in state. State outlives the library that wrote it, so an address of code, of a constant or
/// of a variable of a library leads nowhere after the next upgrade; so does the address of an element's own object.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "node.hh"

namespace hotclick::core {

struct StatePointer {
  std::string element, state;
  uint32_t offset = 0;      // in the value, or of a table in the record's value
  std::string field;        // that holds it; empty when the place is declared as no field
  std::string target;       // what it leads into
  bool in_library = false;  // a library; otherwise an element's object
  uint64_t records = 0;     // of a table, in how many it was seen; otherwise 1
};

/// The places of a record at which an address can stand: fields of eight bytes, opaque bytes, and what no field
/// covers. Fields that are smaller lie side by side and cannot hold one. Of a large record the first MiB.
struct PointerPlace {
  uint32_t offset = 0;
  std::string field;
};
std::vector<PointerPlace> pointer_places(const SchemaCopy& schema);

/// Every state of the nodes whose name is in `elements` (empty = all). May run on the host's thread while a shard
/// writes: a word is read as a whole, and old at worst. Of a table at most 2^20 slots are looked at, spread evenly.
/// What a library writes into a new record is looked at too.
std::vector<StatePointer> find_state_pointers(const std::vector<std::shared_ptr<Node>>& nodes,
                                              const std::vector<std::string>& elements);

}  // namespace hotclick::core
