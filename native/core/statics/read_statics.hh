/// Reads the layout of a library's undeclared statics from its symbols and debug information.
#pragma once
#include "../elf_file.hh"
#include "layout.hh"

namespace hotclick::core {

/// Not empty `refusals`: they cannot be carried over to another version, and why, a line for each.
StaticsLayout read_statics(const ElfFile& file, std::vector<std::string>& refusals);

}  // namespace hotclick::core
