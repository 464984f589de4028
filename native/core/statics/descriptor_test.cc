#include "descriptor.hh"

#include "../../test/dwarf_image.hh"
#include "../../test/unit.hpp"
#include "read_statics.hh"

using namespace hotclick;
using namespace hotclick::core;

namespace {

ElfImage library() {
  ElfImage image;
  image.sections = {{".data", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE, 16, 0x3000},
                    {".bss", SHT_NOBITS, SHF_ALLOC | SHF_WRITE, 16, 0x3010}};
  image.symbols = {{"_ZN4mine7counterE", 1, 16, STT_OBJECT, 0x3000},
                   {"_ZZN4mine4pushEvE4seen", 2, 8, STT_OBJECT, 0x3010},
                   {"_ZGVZN4mine4pushEvE4seen", 2, 8, STT_OBJECT, 0x3018}};
  DwarfImage dwarf;
  const uint32_t number = dwarf.base("long", 8, dwarf::unsigned_);
  dwarf.variable("seen", number, 0x3010);
  dwarf.add_to(image);
  return image;
}

StaticsLayout layout_of(const ElfImage& image) {
  const std::string bytes = image.bytes();
  const ElfFile file(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  std::vector<std::string> refusals;
  return read_statics(file, refusals);
}

std::string descriptor_of(const ElfImage& image) {
  const std::string bytes = image.bytes();
  const ElfFile file(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  return encode_descriptor(file, layout_of(image));
}

StaticsLayout read_with(ElfImage image, const std::string& descriptor, std::string& error) {
  image.sections.push_back({std::string(descriptor_section), SHT_PROGBITS, 0, 0, 0, descriptor});
  const std::string bytes = image.bytes();
  // A copy of that very size, so that a sanitizer sees a read past its end.
  const std::vector<uint8_t> exact(bytes.begin(), bytes.end());
  const ElfFile file(exact.data(), exact.size());
  error.clear();
  return read_descriptor(file, error);
}

}  // namespace

TEST("descriptor: what the build has written is read back whole") {
  const ElfImage image = library();
  const StaticsLayout written = layout_of(image);
  std::string error;
  const StaticsLayout read = read_with(image, descriptor_of(image), error);
  CHECK_EQ(error, "");
  CHECK_EQ(read.objects.size(), 3u);
  CHECK(read.objects == written.objects);
  CHECK_EQ(read.hash, written.hash);
  CHECK_EQ(read.begin, written.begin);
  CHECK_EQ(read.end, written.end);
  CHECK_EQ(read.own_pages, written.own_pages);
}

TEST("descriptor: cut off anywhere it is refused") {
  const ElfImage image = library();
  const std::string whole = descriptor_of(image);
  std::string error;
  for (size_t size = 1; size < whole.size(); ++size) {
    read_with(image, whole.substr(0, size), error);
    if (!CHECK(!error.empty())) return;
  }
}

TEST("descriptor: every changed byte is refused or changes only names and flags") {
  const ElfImage image = library();
  const std::string whole = descriptor_of(image);
  const StaticsLayout good = layout_of(image);
  std::string error;
  for (size_t at = 0; at < whole.size(); ++at) {
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ 0x40);
    const StaticsLayout read = read_with(image, changed, error);
    if (!error.empty()) continue;
    bool same = read.objects.size() == good.objects.size();
    for (size_t i = 0; same && i < read.objects.size(); ++i)
      same =
          read.objects[i].address == good.objects[i].address && read.objects[i].size == good.objects[i].size;
    if (!CHECK(same)) return;
  }
}

TEST("descriptor: of another library it is refused") {
  const ElfImage image = library();
  const std::string descriptor = descriptor_of(image);
  ElfImage other = image;
  other.symbols[1].size = 4;
  std::string error;
  read_with(other, descriptor, error);
  CHECK_EQ(error, "it was changed after the build wrote the layout of its statics");
  const std::string bytes = image.bytes();
  read_descriptor(ElfFile(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()), error);
  CHECK_EQ(error, "it has no layout of its statics from the build");
}
