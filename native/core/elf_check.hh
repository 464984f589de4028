/// Looks at an element library before the loader does: dlopen trusts its input.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "elf_file.hh"

namespace hotclick::core {

struct ElfReport {
  /// Not empty: the bytes are no shared library that could be loaded here, and why.
  std::string error;
  /// Variables in writable sections that are neither relocated constants nor in the state section `hcstate`.
  /// Demangled where possible; "(N bytes in .data)" when the symbols were stripped.
  std::vector<std::string> mutable_statics;
};

/// Every offset and length is checked against `size`; hostile bytes are an error, never a crash.
ElfReport check_elf(const uint8_t* data, size_t size);

/// A section of variables that are not declared as state.
bool holds_variables(const ElfSection& section);
/// Whether the compiler's start files or runtime put a symbol of that name there.
bool compiler_made(std::string_view name);

}  // namespace hotclick::core
