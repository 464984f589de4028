/// Mappings of IPRewriter as text, in Click's form.
#pragma once
#include "rewriter_table.hpp"

namespace hotclick::flow {

/// `FLOW => REWRITTEN [*FOUTPUT ROUTPUT] iINPUT expSECONDS`, one a line; the star is at this direction's
/// output. `protocol` 0 lists all.
void list_mappings(const MappingTable& table, Text out, uint8_t protocol);

}  // namespace hotclick::flow
