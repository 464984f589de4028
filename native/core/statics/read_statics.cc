#include "read_statics.hh"

#include <hotclick/abi.h>

#include <algorithm>
#include <map>

#include "../elf_check.hh"
#include "carry_rules.hh"
#include "hash.hh"
#include "owners.hh"

namespace hotclick::core {
namespace {

constexpr uint64_t largest_object = 1ull << 31;

/// A local symbol that C compilers number: "name.123".
bool is_numbered(std::string_view symbol) {
  const size_t dot = symbol.rfind('.');
  return dot != std::string_view::npos && dot + 1 < symbol.size() &&
         symbol.find_first_not_of("0123456789", dot + 1) == std::string_view::npos;
}

/// The compiler's note that a variable has been initialised.
bool is_guard(std::string_view symbol) {
  return symbol.starts_with("_ZGV");
}

/// "Meter::push(int)" of "Meter::push(int)::seen", when the symbol says that the variable is local to a function.
std::string function_of(std::string_view symbol, const std::string& name) {
  if (!symbol.starts_with("_ZZ") && !symbol.starts_with("_ZGVZ")) return "";
  static constexpr std::string_view guard = "guard variable for ";
  const size_t begin = name.starts_with(guard) ? guard.size() : 0;
  const size_t end = name.rfind("::");
  return end == std::string::npos || end < begin ? "" : name.substr(begin, end - begin);
}

/// Compilers number these in order of appearance: one more before it, and the number means another.
bool is_numbered_by_order(const std::string& name) {
  for (const char* mark : {"{lambda", "'lambda", "{unnamed", "'unnamed"}) {
    if (name.find(mark) != std::string::npos) return true;
  }
  return false;
}

class Reader {
 public:
  Reader(const ElfFile& file, std::vector<std::string>& refusals)
      : file_(file), refusals_(refusals), owners_(owned_variables(DwarfInfo(file))) {}

  StaticsLayout read() {
    StaticsLayout layout;
    file_.each_symbol([&](std::string_view name, const Elf64_Sym& s) { add(name, s); });
    std::sort(objects_.begin(), objects_.end(),
              [](const StaticObject& a, const StaticObject& b) { return a.address < b.address; });
    check_carry_rules(file_, objects_, others_, refusals_);
    layout.objects = std::move(objects_);
    layout.contiguous = others_.empty();
    if (!layout.finish()) refusals_.push_back("the names of two of its variables have the same hash");
    if (!layout.empty() && layout.contiguous && alone_in_pages(file_, {layout.begin, layout.end}))
      layout.take_pages();
    return layout;
  }

 private:
  void refuse(const StaticObject& o, const std::string& why) { refusals_.push_back(refusal(o, why)); }

  void add(std::string_view symbol, const Elf64_Sym& s) {
    const int type = ELF64_ST_TYPE(s.st_info);
    if ((type != STT_OBJECT && type != STT_TLS) || s.st_shndx >= file_.sections().size()) return;
    const ElfSection& section = file_.sections()[s.st_shndx];
    if (!holds_variables(section) || symbol.empty()) return;
    if (symbol == "__dso_handle")
      others_.emplace_back(s.st_value, s.st_value + sizeof(void*));  // has no size
    if (s.st_size == 0) return;
    StaticObject o;
    o.key = symbol;
    o.name = demangle(o.key);
    o.function = function_of(symbol, o.name);
    o.section = section.head.sh_type == SHT_NOBITS ? ".bss" : ".data";
    o.address = s.st_value;
    o.size = s.st_size;
    o.value = HC_BYTES;
    if (type == STT_TLS) return refuse(o, "it is thread-local, and lies in no place that could be copied");
    const Elf64_Shdr& h = section.head;
    const bool inside = o.address >= h.sh_addr && o.address - h.sh_addr <= h.sh_size &&
                        o.size <= h.sh_size - (o.address - h.sh_addr) && o.size <= largest_object &&
                        h.sh_size <= UINT64_MAX - h.sh_addr;
    if (!inside) return refuse(o, "its symbol lies outside of its section");
    if (compiler_made(symbol) || !accept(symbol, s, o))
      others_.emplace_back(o.address, o.address + o.size);
    else
      objects_.push_back(std::move(o));
  }

  bool accept(std::string_view symbol, const Elf64_Sym& s, StaticObject& o) {
    const size_t before = refusals_.size();
    if (ELF64_ST_BIND(s.st_info) == STB_GNU_UNIQUE)
      refuse(o, "there is one in the process for all versions; build with -fno-gnu-unique");
    if (symbol.size() >= ByteView::longest_text) refuse(o, "its symbol is too long");
    describe(o);
    if (is_numbered(symbol)) attribute(o);
    if (is_numbered_by_order(o.name))
      refuse(o, "it belongs to a lambda or an unnamed type, which have numbers instead of names");
    return refusals_.size() == before;
  }

  /// What debug information says of its type.
  void describe(StaticObject& o) {
    if (is_guard(o.key)) {
      o.guard = true;
      o.may_point = false;
      o.type = Hash().add("guard").value();
      o.type_name = "guard";
      return;
    }
    const auto found = owners_.find(o.address);
    if (found == owners_.end()) return;
    const OwnedVariable& v = found->second;
    if (v.has_namesake)
      refuse(o, "its function has another variable '" + v.name +
                    "' that the compiler has taken out: which one this is cannot be told");
    if (v.type.size != o.size) return;
    o.type = v.type.hash;
    o.type_name = v.type.name;
    o.value = v.type.value;
    o.may_point = o.type == 0 || v.type.has_pointers;
    if (v.type.leads_to_code)
      refuse(o, "its type " + o.type_name +
                    " holds or leads to addresses of code, which goes with the old version");
  }

  /// Gives a numbered symbol the name of its function.
  void attribute(StaticObject& o) {
    const auto found = owners_.find(o.address);
    if (found == owners_.end() || found->second.function_key.empty())
      return refuse(o,
                    "its symbol has a number, and nothing says which function it belongs to; build with -g");
    const OwnedVariable& v = found->second;
    o.function = v.function;
    o.key = v.function_key + "::" + v.name;
    o.name = v.function + "::" + v.name;
  }

  const ElfFile& file_;
  std::vector<std::string>& refusals_;
  std::map<uint64_t, OwnedVariable> owners_;
  std::vector<StaticObject> objects_;
  std::vector<AddressRange> others_;
};

}  // namespace

StaticsLayout read_statics(const ElfFile& file, std::vector<std::string>& refusals) {
  if (!file.has_symbols()) {
    refusals.push_back("its symbols were stripped, so that its variables have no names");
    return {};
  }
  return Reader(file, refusals).read();
}

}  // namespace hotclick::core
