/// From expressions to a program.
#pragma once
#include <string>

#include "expression.hh"
#include "program.hh"

namespace hotclick::core {

struct Rule {
  NodeId condition;
  uint16_t port;  // HC_NO_PORT: drop
};

struct CompileError {
  std::string message;
  uint32_t rule = 0;
};

/// The first rule that holds decides; HC_NO_PORT when none does. False with `error` set when it cannot be built
/// within the limits.
bool compile_rules(const std::vector<Rule>& rules, const Expressions& expressions, Program& program,
                   CompileError& error);

}  // namespace hotclick::core
