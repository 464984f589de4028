#include "types.hh"

#include <hotclick/abi.h>

#include "hash.hh"

namespace hotclick::core {
namespace {

/// How deep a difference may lie and still be seen: structures in structures, lists of lists.
constexpr int rounds = 32;
constexpr uint64_t no_type = UINT64_MAX;

bool is_alias(uint32_t tag) {
  return tag == dwarf::typedef_ || tag == dwarf::const_type || tag == dwarf::volatile_type ||
         tag == dwarf::restrict_type;
}

uint32_t value_of(const Die& base) {
  const uint64_t size = base.byte_size.value_or(0);
  switch (base.encoding.value_or(0)) {
    case dwarf::boolean:
      return size == 1 ? HC_BOOL : HC_BYTES;
    case dwarf::floating:
      return size == 8 ? HC_F64 : HC_BYTES;
    case dwarf::signed_:
      return size == 4 ? HC_I32 : size == 8 ? HC_I64 : HC_BYTES;
    case dwarf::unsigned_:
    case dwarf::unsigned_char:
      return size == 1 ? HC_U8 : size == 2 ? HC_U16 : size == 4 ? HC_U32 : size == 8 ? HC_U64 : HC_BYTES;
    default:
      return HC_BYTES;
  }
}

}  // namespace

/// A type without typedefs and qualifiers, and the name it was first called by.
struct TypeTable::Written {
  Die die;  // tag 0: void
  std::string_view name;
  bool unknown = false;
};

TypeTable::Written TypeTable::resolve(uint64_t offset) const {
  Written w;
  for (int i = 0; i < 64; ++i) {
    if (offset == no_type) {
      w.die = Die();
      return w;
    }
    if (!dwarf_.read(offset, w.die)) break;
    if (w.name.empty()) w.name = w.die.name;
    if (!is_alias(w.die.tag)) return w;
    offset = w.die.type.value_or(no_type);
  }
  w.unknown = true;
  return w;
}

size_t TypeTable::note(uint64_t offset) {
  const Written w = resolve(offset);
  const uint64_t key = w.unknown ? no_type - 1 : w.die.tag == 0 ? no_type : w.die.offset;
  const auto [at, is_new] = known_.try_emplace(key, nodes_.size());
  if (!is_new) return at->second;
  Node& node = nodes_.emplace_back();
  node.is_unknown = w.unknown;
  if (w.unknown) {
    node.name = "?";
  } else if (w.die.tag == 0) {
    node.name = "void";
    node.hash = Hash().add("void").value();
  } else {
    unread_.push_back(key);
  }
  return at->second;
}

size_t TypeTable::add(uint64_t offset) {
  added_.emplace_back(note(offset), resolve(offset).name);
  read_noted();
  return added_.size() - 1;
}

void TypeTable::read_noted() {
  while (!unread_.empty()) {
    const uint64_t next = unread_.back();
    unread_.pop_back();
    Die die;
    const size_t at = known_[next];
    if (dwarf_.read(next, die))
      read_node(at, die);
    else
      nodes_[at].is_unknown = true;
  }
}

void TypeTable::read_node(size_t index, const Die& die) {
  Node node;
  std::vector<uint64_t> parts;
  Hash hash;
  node.name = die.name;
  node.size = die.byte_size.value_or(0);
  hash.add(uint64_t{die.tag});
  switch (die.tag) {
    case dwarf::base_type:
      node.value = value_of(die);
      hash.add(die.encoding.value_or(0)).add(node.size);
      break;
    case dwarf::pointer_type:
    case dwarf::reference_type:
    case dwarf::rvalue_reference_type:
      node.is_pointer = true;
      node.size = 8;
      parts.push_back(die.type.value_or(no_type));
      break;
    case dwarf::unspecified_type:
      node.size = 8;  // nullptr_t
      break;
    case dwarf::subroutine_type:
      node.is_code = true;
      node.name = "function";
      break;
    case dwarf::ptr_to_member_type:
      node.is_code = true;  // to a function, or to a field whose place may have changed
      node.name = "pointer to member";
      break;
    case dwarf::structure_type:
    case dwarf::class_type:
    case dwarf::union_type:
      hash.add(die.name).add(node.size).add(uint64_t{die.is_declaration});
      node.hash = hash.value();
      read_fields(node, die, parts);
      hash = Hash().add(node.hash);
      break;
    case dwarf::array_type:
      node.hash = hash.value();
      read_array(node, die, parts);
      hash = Hash().add(node.hash);
      break;
    case dwarf::enumeration_type:
      node.value = node.size == 4 ? HC_U32 : node.size == 1 ? HC_U8 : HC_BYTES;
      hash.add(die.name).add(node.size);
      node.hash = hash.value();
      read_enumerators(node, die);
      hash = Hash().add(node.hash);
      break;
    default:
      node.is_unknown = true;
  }
  node.hash = hash.value();
  for (const uint64_t part : parts) node.parts.push_back(note(part));
  nodes_[index] = std::move(node);
}

void TypeTable::read_fields(Node& node, const Die& die, std::vector<uint64_t>& parts) {
  Hash hash;
  hash.add(node.hash);
  const bool whole = dwarf_.each_child(die, [&](const Die& child) {
    if (child.tag != dwarf::member && child.tag != dwarf::inheritance) return;
    if (child.is_declaration) return;  // a static member: a variable of its own
    hash.add(child.name).add(child.member_offset.value_or(0));
    hash.add(child.bit_size.value_or(0)).add(child.bit_offset.value_or(0));
    parts.push_back(child.type.value_or(no_type));
  });
  node.is_unknown = !whole;
  node.hash = hash.value();
}

void TypeTable::read_array(Node& node, const Die& die, std::vector<uint64_t>& parts) {
  Hash hash;
  hash.add(node.hash);
  uint64_t elements = 1;
  std::string dimensions;
  const bool whole = dwarf_.each_child(die, [&](const Die& child) {
    if (child.tag != dwarf::subrange_type) return;
    const uint64_t length = child.count ? *child.count : child.upper_bound ? *child.upper_bound + 1 : 0;
    elements *= length;
    hash.add(length);
    dimensions += '[' + std::to_string(length) + ']';
  });
  const Written element = resolve(die.type.value_or(no_type));
  node.is_unknown = !whole;
  node.name = std::string(element.name.empty() ? "?" : element.name) + dimensions;
  node.size = elements * element.die.byte_size.value_or(0);
  node.hash = hash.value();
  parts.push_back(die.type.value_or(no_type));
}

void TypeTable::read_enumerators(Node& node, const Die& die) {
  Hash hash;
  hash.add(node.hash);
  const bool whole = dwarf_.each_child(die, [&](const Die& child) {
    if (child.tag == dwarf::enumerator) hash.add(child.name).add(child.const_value.value_or(0));
  });
  node.is_unknown = !whole;
  node.hash = hash.value();
}

void TypeTable::finish() {
  // Each round a hash takes in those of its parts, so that after n rounds it tells types apart that differ n
  // steps away. Types that lead back to themselves (lists, trees) need no care this way.
  std::vector<uint64_t> next(nodes_.size());
  for (int round = 0; round < rounds; ++round) {
    for (size_t i = 0; i < nodes_.size(); ++i) {
      Hash hash;
      hash.add(nodes_[i].hash);
      for (const size_t part : nodes_[i].parts) hash.add(nodes_[part].hash);
      next[i] = hash.value();
    }
    for (size_t i = 0; i < nodes_.size(); ++i) nodes_[i].hash = next[i];
  }
  spread_flags();
}

void TypeTable::spread_flags() {
  for (Node& n : nodes_) {
    n.contains_pointer = n.is_pointer || n.is_code;
    n.reaches_code = n.is_code;
    n.reaches_unknown = n.is_unknown;
  }
  for (bool changed = true; changed;) {
    changed = false;
    for (size_t i = nodes_.size(); i-- > 0;) {  // parts come after what they are parts of, mostly
      Node& n = nodes_[i];
      for (const size_t part : n.parts) {
        const Node& p = nodes_[part];
        const bool contains = n.contains_pointer || (!n.is_pointer && p.contains_pointer);
        const bool code = n.reaches_code || p.reaches_code;
        const bool unknown = n.reaches_unknown || p.reaches_unknown;
        changed |= contains != n.contains_pointer || code != n.reaches_code || unknown != n.reaches_unknown;
        n.contains_pointer = contains;
        n.reaches_code = code;
        n.reaches_unknown = unknown;
      }
    }
  }
}

VariableType TypeTable::describe(size_t type) const {
  const auto& [node, name] = added_[type];
  const Node& n = nodes_[node];
  VariableType v;
  v.hash = n.reaches_unknown ? 0 : n.hash;
  v.name = !name.empty() ? name : n.is_pointer ? nodes_[n.parts[0]].name + "*" : n.name;
  if (v.name.empty()) v.name = "unnamed";
  v.size = n.size;
  v.value = n.value ? n.value : static_cast<uint32_t>(HC_BYTES);
  v.has_pointers = n.contains_pointer;
  v.leads_to_code = n.reaches_code;
  return v;
}

}  // namespace hotclick::core
