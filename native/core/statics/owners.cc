#include "owners.hh"

#include <vector>

namespace hotclick::core {
namespace {

struct Scope {
  uint32_t depth;
  Die function;
};

std::string key_of(const Die& function) {
  return std::string(function.linkage_name.empty() ? function.name : function.linkage_name);
}

}  // namespace

std::map<uint64_t, OwnedVariable> owned_variables(const DwarfInfo& dwarf) {
  std::map<uint64_t, OwnedVariable> variables;
  std::map<uint64_t, size_t> types;
  // Variables without a place, by function and name: the compiler may have taken them out.
  std::map<std::pair<std::string, std::string>, int> without_place;
  std::vector<Scope> scopes;
  TypeTable table(dwarf);
  dwarf.walk([&](const Die& found, uint32_t depth) {
    while (!scopes.empty() && scopes.back().depth >= depth) scopes.pop_back();
    if (found.tag == dwarf::subprogram || found.tag == dwarf::inlined_subroutine) {
      Die function = found;
      dwarf.complete(function);
      scopes.push_back({depth, function});
      return;
    }
    if (found.tag != dwarf::variable || found.is_declaration) return;
    Die variable = found;
    dwarf.complete(variable);
    if (!variable.address) {
      // A copy of an inlined function's variable is the same one.
      if (!variable.has_location && !found.origin && !scopes.empty())
        ++without_place[{key_of(scopes.back().function), std::string(variable.name)}];
      return;
    }
    OwnedVariable owned;
    owned.name = variable.name;
    if (!scopes.empty()) {
      owned.function_key = key_of(scopes.back().function);
      owned.function = demangle(owned.function_key);
    }
    if (variable.type) types[*variable.address] = table.add(*variable.type);
    variables[*variable.address] = std::move(owned);
  });
  table.finish();
  for (const auto& [address, type] : types) variables[address].type = table.describe(type);
  for (auto& [address, v] : variables) {
    v.has_namesake = !v.function_key.empty() && without_place.contains({v.function_key, v.name});
  }
  return variables;
}

}  // namespace hotclick::core
