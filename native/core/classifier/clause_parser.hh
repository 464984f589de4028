/// Classifier's patterns: `12/0806 20/0001`, `!12/08??`, `33/02%12`, `-`.
#pragma once
#include <string_view>

#include "diagnostic.hh"
#include "expression.hh"

namespace hotclick::core {

/// The expression of one pattern; `never` when `diagnostic` was set.
NodeId parse_clauses(std::string_view pattern, Expressions& expressions, Diagnostic& diagnostic);

}  // namespace hotclick::core
