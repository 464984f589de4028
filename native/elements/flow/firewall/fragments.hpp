/// Later fragments carry no ports: what was decided about the first one of a datagram holds for them.
#pragma once
#include "connection.hpp"

namespace hotclick::firewall {

/// A datagram (RFC 791, section 2.3).
struct FragmentKey {
  uint32_t source, destination;  // network order
  uint16_t id;                   // as it lies in the packet
  uint8_t protocol;
  uint8_t sender;  // side
};
static_assert(sizeof(FragmentKey) == 12);
constexpr auto fragment_key_v1 = schema<FragmentKey>(
    1, detail::make_field<Ipv4Address>("source", offsetof(FragmentKey, source)),
    detail::make_field<Ipv4Address>("destination", offsetof(FragmentKey, destination)),
    HC_FIELD(FragmentKey, id), HC_FIELD(FragmentKey, protocol), HC_FIELD(FragmentKey, sender));

/// Where the rest of the datagram goes: the shard of its connection, which lets it pass.
struct FragmentRoute {
  uint32_t shard;
};
constexpr auto fragment_route_v1 = schema<FragmentRoute>(1, HC_FIELD(FragmentRoute, shard));

/// RFC 791 allows reassembly 15 seconds and more; Linux waits 30.
inline constexpr uint32_t fragment_ticks = 30 * ticks_per_second;
inline constexpr uint32_t fragment_capacity = 4096;

}  // namespace hotclick::firewall
