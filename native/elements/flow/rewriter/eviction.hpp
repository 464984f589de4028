/// Room for a new flow in a full table.
#pragma once
#include "rewriter_table.hpp"
#include "timeouts.hpp"

namespace hotclick::flow {

/// Gives up the flow nearest to its end among some that are past their guarantee; the search goes on from
/// `at` the next time. False when all of those looked at are guaranteed.
bool give_up_one(MappingTable& table, const TimeoutTable& timeouts, uint32_t& at);

}  // namespace hotclick::flow
