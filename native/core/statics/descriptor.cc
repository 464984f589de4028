#include "descriptor.hh"

#include <algorithm>

#include "../elf_check.hh"
#include "hash.hh"

namespace hotclick::core {
namespace {

constexpr uint64_t magic = 0x3153434954415453;  // "STATICS1"
constexpr uint32_t most_objects = 1u << 20;

struct Head {
  uint64_t magic;
  uint64_t library;  // fingerprint of what it describes
  uint64_t layout_hash;
  uint64_t begin, end;
  uint32_t count;
  uint32_t flags;
  uint64_t text_size;
};
constexpr uint32_t has_own_pages = 1, is_contiguous = 2;

struct Entry {
  uint64_t key_hash, address, size, type;
  uint32_t key, name, function, type_name;  // places in the text
  uint32_t value, flags;
};
constexpr uint32_t in_bss = 1, can_point = 2, is_guard = 4;

/// What a library whose symbols or code were changed after the build no longer has.
uint64_t fingerprint(const ElfFile& file) {
  Hash hash;
  for (const ElfSection& s : file.sections()) {
    if (s.head.sh_flags & SHF_ALLOC) hash.add(s.name).add(s.head.sh_addr).add(s.head.sh_size);
  }
  uint64_t variables = 0;  // in any order
  file.each_symbol([&](std::string_view, const Elf64_Sym& s) {
    if (ELF64_ST_TYPE(s.st_info) == STT_OBJECT) variables += Hash().add(s.st_value).add(s.st_size).value();
  });
  return hash.add(variables).value();
}

/// Appends a zero-terminated text; where it begins.
uint32_t add_text(std::string& all, const std::string& text) {
  const auto at = static_cast<uint32_t>(all.size());
  all += text;
  all += '\0';
  return at;
}

template <class T>
void append(std::string& out, const T& value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof(T));
}

bool in_variables(const ElfFile& file, const StaticObject& o) {
  for (const ElfSection& s : file.sections()) {
    const Elf64_Shdr& h = s.head;
    if (holds_variables(s) && o.address >= h.sh_addr && o.address - h.sh_addr <= h.sh_size &&
        o.size <= h.sh_size - (o.address - h.sh_addr))
      return true;
  }
  return false;
}

}  // namespace

std::string encode_descriptor(const ElfFile& file, const StaticsLayout& layout) {
  std::string text, entries;
  for (const StaticObject& o : layout.objects) {
    Entry e = {o.key_hash, o.address, o.size, o.type, 0, 0, 0, 0, o.value, 0};
    e.key = add_text(text, o.key);
    e.name = add_text(text, o.name);
    e.function = add_text(text, o.function);
    e.type_name = add_text(text, o.type_name);
    if (o.section == ".bss") e.flags |= in_bss;
    if (o.may_point) e.flags |= can_point;
    if (o.guard) e.flags |= is_guard;
    append(entries, e);
  }
  Head head = {magic,       fingerprint(file),
               layout.hash, layout.begin,
               layout.end,  static_cast<uint32_t>(layout.objects.size()),
               0,           text.size()};
  if (layout.own_pages) head.flags |= has_own_pages;
  if (layout.contiguous) head.flags |= is_contiguous;
  std::string out;
  append(out, head);
  return out + entries + text;
}

StaticsLayout read_descriptor(const ElfFile& file, std::string& error) {
  StaticsLayout layout;
  const auto refuse = [&](const char* why) {
    error = why;
    return StaticsLayout();
  };
  const ElfSection* section = file.find(descriptor_section);
  if (!section) return refuse("it has no layout of its statics from the build");
  const ByteView bytes = file.bytes(*section);
  Head head;
  if (!bytes.read(0, head) || head.magic != magic || head.count > most_objects)
    return refuse("the layout of its statics is malformed");
  const uint64_t text_at = sizeof(Head) + uint64_t{head.count} * sizeof(Entry);
  if (!bytes.has(text_at, head.text_size)) return refuse("the layout of its statics is truncated");
  if (head.library != fingerprint(file))
    return refuse("it was changed after the build wrote the layout of its statics");
  const ByteView text{bytes.data + text_at, head.text_size};
  for (uint32_t i = 0; i < head.count; ++i) {
    Entry e;
    if (!bytes.read(sizeof(Head) + i * sizeof(Entry), e))
      return refuse("the layout of its statics is truncated");
    StaticObject o;
    o.key = text.text(e.key);
    o.name = text.text(e.name);
    o.function = text.text(e.function);
    o.section = e.flags & in_bss ? ".bss" : ".data";
    o.type_name = text.text(e.type_name);
    o.address = e.address;
    o.size = e.size;
    o.type = e.type;
    o.value = e.value;
    o.may_point = (e.flags & can_point) != 0;
    o.guard = (e.flags & is_guard) != 0;
    if (!in_variables(file, o))
      return refuse("the layout of its statics names a place outside of its variables");
    layout.objects.push_back(std::move(o));
  }
  layout.contiguous = (head.flags & is_contiguous) != 0;
  if (!layout.finish() || layout.hash != head.layout_hash)
    return refuse("the layout of its statics does not have the hash it names");
  if (head.flags & has_own_pages) layout.take_pages();
  if (layout.begin != head.begin || layout.end != head.end)
    return refuse("the layout of its statics does not have the size it names");
  return layout;
}

}  // namespace hotclick::core
