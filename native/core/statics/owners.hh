/// Which function and type the variables of a library have, from its debug information.
#pragma once
#include <map>
#include <string>

#include "types.hh"

namespace hotclick::core {

struct OwnedVariable {
  std::string name;           // without the function
  std::string function;       // for people; empty outside of functions
  std::string function_key;   // the function's symbol
  bool has_namesake = false;  // its function has another variable of that name without a place
  VariableType type;
};

/// By address in the library's image. Empty when there is no debug information.
std::map<uint64_t, OwnedVariable> owned_variables(const DwarfInfo& dwarf);

}  // namespace hotclick::core
