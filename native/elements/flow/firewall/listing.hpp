/// Connections as text.
#pragma once
#include "connection.hpp"

namespace hotclick::firewall {

/// `tcp 10.0.0.2:40000 > 192.0.2.1:80`: the initiator first.
void print_flow(Text out, const FlowKey& key, const Connection& c);

/// ` established packets 12/10`: the initiator's packets first.
void print_progress(Text out, const Connection& c);

/// Most lines of a listing.
inline constexpr uint32_t listing_limit = 10000;

}  // namespace hotclick::firewall
