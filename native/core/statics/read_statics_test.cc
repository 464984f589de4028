#include "read_statics.hh"

#include <algorithm>

#include "../../test/dwarf_image.hh"
#include "../../test/unit.hpp"

using namespace hotclick;
using namespace hotclick::core;

namespace {

constexpr uint16_t data_section = 1, bss_section = 2;
constexpr uint64_t data_at = 0x3000, bss_at = 0x3010;

/// 16 bytes of .data and 16 of .bss, without variables yet.
struct Image : ElfImage {
  Image() {
    sections = {{".data", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE, 16, data_at},
                {".bss", SHT_NOBITS, SHF_ALLOC | SHF_WRITE, 16, bss_at}};
  }
  void variable(const std::string& symbol, uint64_t at, uint64_t size, unsigned char bind = STB_LOCAL) {
    symbols.push_back({symbol, at < bss_at ? data_section : bss_section, size, STT_OBJECT, at, bind});
  }
  /// So that every byte belongs to something.
  void fill() {
    variable("rest_of_data", data_at + 8, 8);
    variable("rest_of_bss", bss_at + 8, 8);
  }
};

struct Read {
  StaticsLayout layout;
  std::vector<std::string> refusals;
  const StaticObject* find(const std::string& key) const {
    for (const StaticObject& o : layout.objects) {
      if (o.key == key) return &o;
    }
    return nullptr;
  }
  bool says(const std::string& text) const {
    return std::any_of(refusals.begin(), refusals.end(),
                       [&](const std::string& r) { return r.find(text) != std::string::npos; });
  }
};

Read read(const ElfImage& image) {
  const std::string bytes = image.bytes();
  const ElfFile file(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  Read r;
  CHECK_EQ(file.error(), "");
  r.layout = read_statics(file, r.refusals);
  return r;
}

}  // namespace

TEST("statics: variables have their function, section and place from the symbols alone") {
  Image image;
  image.variable("_ZN4mine7counterE", data_at, 8);
  image.variable("_ZZN4mine4pushEvE4seen", bss_at, 8);
  image.fill();
  const Read r = read(image);
  if (!CHECK_EQ(r.refusals.size(), 0u)) return;
  const StaticObject* global = r.find("_ZN4mine7counterE");
  const StaticObject* local = r.find("_ZZN4mine4pushEvE4seen");
  if (!CHECK(global && local)) return;
  CHECK_EQ(global->name, "mine::counter");
  CHECK_EQ(global->section, ".data");
  CHECK_EQ(local->name, "mine::push()::seen");
  CHECK_EQ(local->function, "mine::push()");
  CHECK_EQ(local->section, ".bss");
  CHECK(local->may_point);
  CHECK(!r.layout.typed());
}

TEST("statics: a numbered symbol belongs to the function that debug information names, or is refused") {
  Image image;
  image.variable("xyz.2057", data_at, 8);
  image.variable("xyz.2060", bss_at, 8);
  image.fill();
  const Read blind = read(image);
  CHECK(blind.says("'xyz.2057' (8 bytes): its symbol has a number"));
  CHECK(blind.says("'xyz.2060'"));

  DwarfImage dwarf;
  const uint32_t number = dwarf.base("long", 8, dwarf::signed_);
  for (const auto& [function, at] : {std::pair("count", data_at), std::pair("other", bss_at)}) {
    dwarf.begin(dwarf::subprogram, true);
    dwarf.name(function);
    dwarf.variable("xyz", number, at);
    dwarf.end_children();
  }
  dwarf.add_to(image);
  const Read r = read(image);
  CHECK_EQ(r.refusals.size(), 0u);
  CHECK(r.find("count::xyz") && r.find("count::xyz")->address == data_at);
  CHECK(r.find("other::xyz") && r.find("other::xyz")->address == bss_at);
}

TEST("statics: a namesake in the same function that the compiler took out makes it ambiguous") {
  Image image;
  image.variable("xyz.1", data_at, 8);
  image.variable("free", bss_at, 8);
  image.fill();
  DwarfImage dwarf;
  const uint32_t number = dwarf.base("long", 8, dwarf::signed_);
  dwarf.begin(dwarf::subprogram, true);
  dwarf.name("count");
  dwarf.variable("xyz", number, data_at);
  dwarf.begin(dwarf::lexical_block, true);
  dwarf.begin(dwarf::variable);
  dwarf.name("xyz").type(number);
  dwarf.end_children();
  dwarf.end_children();
  dwarf.add_to(image);
  CHECK(read(image).says("its function has another variable 'xyz' that the compiler has taken out"));
}

TEST("statics: what cannot be copied is refused by name") {
  /// `change` gets an image whose bytes all belong to variables.
  const auto refused = [](const char* text, const auto& change) {
    Image image;
    image.variable("a", data_at, 8);
    image.variable("b", bss_at, 8);
    image.fill();
    change(image);
    const Read r = read(image);
    if (!CHECK(r.says(text))) unit::fail(__FILE__, __LINE__, text);
  };
  refused("'tl' (4 bytes): it is thread-local", [](Image& i) {
    i.sections.push_back({".tbss", SHT_NOBITS, SHF_ALLOC | SHF_WRITE | SHF_TLS, 4, 0x3020});
    i.symbols.push_back({"tl", 3, 4, STT_TLS});
  });
  refused("'b' (8 bytes): there is one in the process", [](Image& i) { i.symbols[1].bind = STB_GNU_UNIQUE; });
  refused("'far' (64 bytes): its symbol lies outside", [](Image& i) { i.variable("far", bss_at, 64); });
  refused("'push()::{lambda(int)#1}::operator()(int) const::n' (8 bytes): it belongs to a lambda",
          [](Image& i) { i.symbols[0].name = "_ZZZ4pushvENKUliE_clEiE1n"; });
  refused("'push()::seen': there are 2 variables of that name", [](Image& i) {
    i.symbols[0].name = "_ZZ4pushvE4seen";
    i.symbols[1].name = "_ZZ4pushvE4seen_0";
  });
  refused("8 bytes in .data belong to no symbol", [](Image& i) { i.symbols.erase(i.symbols.begin()); });
  refused("variables in .bss overlap", [](Image& i) { i.variable("c", bss_at + 2, 4); });
  refused("it calls __cxa_atexit", [](Image& i) {
    Elf64_Sym symbol[2] = {};
    symbol[1].st_name = 1;
    const std::string list(reinterpret_cast<const char*>(symbol), sizeof(symbol));
    i.sections.push_back({".dynsym", SHT_DYNSYM, SHF_ALLOC, 0, 0x100, list});
    i.sections.push_back({".dynstr", SHT_STRTAB, SHF_ALLOC, 0, 0x200, std::string("\0__cxa_atexit\0", 14)});
    i.links[".dynsym"] = static_cast<uint32_t>(i.sections.size());
  });
  refused("its relocations are packed", [](Image& i) {
    i.sections.push_back({".relr.dyn", 19, SHF_ALLOC, 8, 0x100});
  });
  refused("its symbols were stripped", [](Image& i) { i.stripped = true; });
}

TEST("statics: a variable that holds an address in the library is refused by name") {
  Image image;
  image.variable("word", data_at, 8);
  image.variable("plain", bss_at, 8);
  image.fill();
  Elf64_Rela relocation = {data_at + 8, ELF64_R_INFO(0, 8), 0x2000};
  image.sections.push_back({".rela.dyn", SHT_RELA, SHF_ALLOC, 0, 0x400,
                            std::string(reinterpret_cast<const char*>(&relocation), sizeof(relocation))});
  const Read r = read(image);
  CHECK_EQ(r.refusals.size(), 1u);
  CHECK(r.says("'rest_of_data' (8 bytes): it holds an address in the library"));
}

TEST("statics: pages are their own only when nothing else lies in them") {
  Image image;
  image.variable("a", data_at, 8);
  image.variable("b", bss_at, 8);
  image.fill();
  const Read alone = read(image);
  CHECK(alone.layout.own_pages);
  CHECK_EQ(alone.layout.begin, data_at);
  CHECK_EQ(alone.layout.end, data_at + page_size);
  image.sections.push_back({".got.plt", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE, 16, data_at + 0x100});
  const Read shared = read(image);
  CHECK(!shared.layout.own_pages);
  CHECK_EQ(shared.layout.end, bss_at + 16);
}
