/// What keeps a library's statics from being carried over to another version, whatever that version is.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "../elf_file.hh"
#include "layout.hh"

namespace hotclick::core {

/// Addresses from first to second, without the second.
using AddressRange = std::pair<uint64_t, uint64_t>;

/// Adds a line to `refusals` for each thing it finds. `objects` come by address; `others` are the compiler's own
/// variables.
void check_carry_rules(const ElfFile& file, const std::vector<StaticObject>& objects,
                       const std::vector<AddressRange>& others, std::vector<std::string>& refusals);

/// Whether nothing else of the library lies in the pages of these addresses.
bool alone_in_pages(const ElfFile& file, AddressRange range);

/// "'name' (8 bytes): why"
std::string refusal(const StaticObject& object, const std::string& why);

}  // namespace hotclick::core
