/// Parses IPClassifier's expressions and IPFilter's rules.
///
///   expression := alternatives [ ? expression : expression ]
///   alternatives := terms { or terms }          terms := factor { [and] factor }
///   factor := not factor | ( expression ) | test
///   test := true | false | { qualifier } [ [POS:LEN] ] [ & MASK ] [ relation ] [ value ]
///
/// A test without qualifiers takes direction, protocol and kind from the test before it: `src port 80 or 81`.
#pragma once
#include <string_view>
#include <vector>

#include "diagnostic.hh"
#include "expression.hh"
#include "tokens.hh"

namespace hotclick::core {

/// The expression of one IPClassifier pattern; `never` when `diagnostic` was set.
NodeId parse_ip_pattern(std::string_view pattern, Expressions& expressions, Diagnostic& diagnostic);

struct FilterRule {
  uint16_t port = HC_NO_PORT;  // HC_NO_PORT: deny, drop
  NodeId condition = Expressions::never;
};
/// One IPFilter rule, `allow|deny|drop|OUTPUT [EXPRESSION]`.
FilterRule parse_filter_rule(std::string_view pattern, Expressions& expressions, Diagnostic& diagnostic);

}  // namespace hotclick::core
