/// From expressions to a program.
#pragma once
#include <string>

#include "expression.hh"
#include "program.hh"
#include "reducer.hh"

namespace hotclick::core {

struct Rule {
  NodeId condition;
  uint16_t port;  // HC_NO_PORT: drop
};

/// Tests lower these to force a method.
struct CompileOptions {
  uint32_t most_tests = hotclick::core::most_tests;  // with more, tables are built
  ReducerLimits limits;
};

struct CompileError {
  std::string message;
  uint32_t rule = 0;
};

/// The first rule that holds decides; HC_NO_PORT when none does. False with `error` set when it cannot be
/// built within the limits.
bool compile_rules(const std::vector<Rule>& rules, const Expressions& expressions,
                   const CompileOptions& options, Program& program, CompileError& error);

/// classifier_compile with options.
hc_classifier* compile_patterns(const char* kind, const hc_string* patterns, uint32_t count,
                                const CompileOptions& options, char* error, uint32_t* failed);

}  // namespace hotclick::core
