/// The layout of a library's statics as the build writes it into the library: what `compiled` goes by, so that
/// neither symbols nor debug information are looked at when the library is loaded or swapped.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "../elf_file.hh"
#include "layout.hh"

namespace hotclick::core {

/// The section that holds it.
inline constexpr std::string_view descriptor_section = ".hotclick.statics";

/// The bytes of that section for a library that was just built.
std::string encode_descriptor(const ElfFile& file, const StaticsLayout& layout);

/// Reads the section. Not empty `error`: there is none, it is malformed, or it belongs to another library.
StaticsLayout read_descriptor(const ElfFile& file, std::string& error);

}  // namespace hotclick::core
