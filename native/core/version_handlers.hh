/// Handlers of an element of which several versions run side by side: one value of all, one write to all.
#pragma once
#include <hotclick/abi.h>

namespace hotclick::core {

class Node;
class ShardGraph;

/// Appends the value of the handler; with older versions beside the node that have it too, what they make together.
/// Not 0 with the message in `error` when none of them has a value.
int read_versions(const ShardGraph& graph, const Node& node, const hc_handler& handler,
                  const hc_string& parameter, hc_text& out, char* error);
/// Writes to the node and to older versions that have the handler. 0 = all have taken it.
int write_versions(const ShardGraph& graph, const Node& node, const hc_handler& handler,
                   const hc_string& value, char* error);

}  // namespace hotclick::core
