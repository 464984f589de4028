#include "state_pointers.hh"

#include <algorithm>
#include <cstring>
#include <map>

#include "../state/flow_table.hh"

namespace hotclick::core {
namespace {

constexpr uint32_t word = 8;
constexpr uint64_t most_slots = 1u << 20;
/// Of a state larger than that only the beginning is looked at: a section may have any size.
constexpr uint32_t most_bytes = 1u << 20;
/// Opaque bytes up to this many may be a packed record. In more than that, arrays of numbers above all, a word that
/// begins in the middle of one number and ends in the next would look like an address now and then.
constexpr uint32_t largest_packed = 64;

struct Target {
  uintptr_t begin, end;
  std::string name;
  bool is_library;
};

bool is_word_field(const Field& f) {
  switch (f.type) {
    case HC_U64:
    case HC_I64:
    case HC_F64:
    case HC_TIME:
    case HC_DURATION:
    case HC_RATE:
      return f.size == word;
    default:
      return false;
  }
}

/// Written by another thread in one piece, if it is a pointer at all.
uintptr_t load(const uint8_t* at) {
  if (reinterpret_cast<uintptr_t>(at) % word == 0)
    return __atomic_load_n(reinterpret_cast<const uintptr_t*>(at), __ATOMIC_RELAXED);
  uintptr_t value;
  memcpy(&value, at, sizeof(value));
  return value;
}

std::vector<Target> targets_of(const std::vector<std::shared_ptr<Node>>& nodes) {
  std::vector<Target> targets;
  for (const auto& n : nodes) {
    const Library& library = n->library();
    const auto object = reinterpret_cast<uintptr_t>(n->instance.object);
    targets.push_back(
        {object, object + n->descriptor->object_size, "the object of element " + n->name, false});
    targets.push_back(
        {library.begin(), library.end(), "the library of " + n->class_name + " " + n->version, true});
  }
  return targets;
}

class Search {
 public:
  Search(const std::vector<Target>& targets, const Node& node, const StateBinding& binding)
      : targets_(targets), node_(node), binding_(binding), places_(pointer_places(binding.schema)) {}

  void look_at(const uint8_t* value) {
    for (size_t i = 0; i < places_.size(); ++i) {
      const uintptr_t address = load(value + places_[i].offset);
      if (address < 4096) continue;
      for (const Target& t : targets_) {
        if (address < t.begin || address >= t.end) continue;
        StatePointer& found = found_[i];
        found.target = t.name;
        found.in_library = t.is_library;
        ++found.records;
        break;
      }
    }
  }
  void look_at_table(const FlowTable& table) {
    const uint32_t slots = table.high_water();
    const uint64_t step = slots / most_slots + 1;
    for (uint64_t slot = 0; slot < slots; slot += step) {
      const hc_record& r = table.record(static_cast<uint32_t>(slot));
      const auto& base = static_cast<const hc_table&>(table);
      if ((r.flags & HC_RECORD_LIVE) && r.layout == base.layout)
        look_at(table.value_of(static_cast<uint32_t>(slot)));
    }
  }
  void report(std::vector<StatePointer>& out) {
    for (auto& [place, found] : found_) {
      found.element = node_.name;
      found.state = binding_.name;
      found.offset = places_[place].offset;
      found.field = places_[place].field;
      out.push_back(found);
    }
  }
  bool idle() const { return places_.empty(); }

 private:
  const std::vector<Target>& targets_;
  const Node& node_;
  const StateBinding& binding_;
  std::vector<PointerPlace> places_;
  std::map<size_t, StatePointer> found_;  // by place
};

}  // namespace

std::vector<PointerPlace> pointer_places(const SchemaCopy& schema) {
  const uint32_t size = std::min(schema.size, most_bytes);
  std::vector<const Field*> owner(size, nullptr);
  for (const Field& f : schema.fields) {
    for (uint32_t i = f.offset; i < size && i - f.offset < f.size; ++i) owner[i] = &f;
  }
  std::vector<PointerPlace> places;
  for (uint32_t at = 0; at + word <= size; ++at) {
    const Field* f = owner[at];
    const bool is_aligned = at % word == 0;
    const bool in_one = std::all_of(owner.begin() + at, owner.begin() + at + word,
                                    [f](const Field* other) { return other == f; });
    const bool has_gap = std::any_of(owner.begin() + at, owner.begin() + at + word,
                                     [](const Field* other) { return other == nullptr; });
    const bool in_bytes = f && f->type == HC_BYTES && (is_aligned || f->size <= largest_packed);
    if (in_one && f && (in_bytes || (is_word_field(*f) && at == f->offset)))
      places.push_back({at, f->name});
    else if (has_gap && (is_aligned || (in_one && size <= largest_packed)))
      places.push_back({at, ""});
  }
  return places;
}

std::vector<StatePointer> find_state_pointers(const std::vector<std::shared_ptr<Node>>& nodes,
                                              const std::vector<std::string>& elements) {
  const std::vector<Target> targets = targets_of(nodes);
  std::vector<StatePointer> out;
  for (const auto& n : nodes) {
    if (!elements.empty() && std::find(elements.begin(), elements.end(), n->name) == elements.end()) continue;
    for (const StateBinding& b : n->states) {
      Search search(targets, *n, b);
      if (search.idle()) continue;
      if (b.block) search.look_at(b.block.get());
      if (b.section) search.look_at(b.section->pages.data());
      if (b.table) {
        search.look_at_table(*b.table);
        if (b.declaration->defaults) {
          std::vector<uint64_t> fresh((b.schema.size + word - 1) / word + 1, 0);
          auto* value = reinterpret_cast<uint8_t*>(fresh.data());
          b.declaration->defaults(value);
          search.look_at(value);
        }
      }
      search.report(out);
    }
  }
  return out;
}

}  // namespace hotclick::core
