/// The pairs of records of IPRewriter: making, ending and keeping them together.
#pragma once
#include "mapping.hpp"

namespace hotclick::flow {

using MappingTable = Table<FlowId, Mapping>;

/// The slot of the other direction, or no_slot when it is not there (a store written half-way through a
/// pair).
uint32_t partner_of(const MappingTable& table, uint32_t slot);

/// Erases both directions.
void erase_pair(MappingTable& table, uint32_t slot);

/// Makes both records of a flow that neither direction of is in the table; no_slot when there is no room.
/// Returns the slot of the forward direction.
uint32_t insert_pair(MappingTable& table, const FlowId& from, const FlowId& to, uint8_t input,
                     uint8_t forward_output, uint8_t reply_output);

}  // namespace hotclick::flow
