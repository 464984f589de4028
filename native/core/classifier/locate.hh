/// Where a packet's headers are and how much of them is there.
#pragma once
#include "hotclick/batch.hpp"
#include "program.hh"

namespace hotclick::core {

struct Extent {
  const uint8_t* at;
  uint32_t length;  // bytes; 0 when the header is not set or lies outside
};

/// Any packet, however short or strange.
inline Extent find_extent(const Packet& p, Base base) {
  const uint32_t end = p.headroom() + p.length;
  const auto from = [&](uint32_t offset) -> Extent {
    if (offset == 0 || offset >= end) return {p.buffer, 0};
    return {p.buffer + offset, end - offset};
  };
  switch (base) {
    case Base::data:
      return {p.data, p.length};
    case Base::mac:
      return from(p.mac_offset);
    case Base::network:
      return from(p.network_offset);
    case Base::transport:
      break;
  }
  if (p.transport_offset != 0) return from(p.transport_offset);
  const Extent ip = from(p.network_offset);
  if (ip.length < 20) return {p.buffer, 0};
  const uint32_t header = (ip.at[0] & 15u) * 4u;
  return header < 20 ? Extent{p.buffer, 0} : from(p.network_offset + header);
}

/// The value of a field, missing bytes included; words as they lie in memory.
inline uint32_t field_value(const Extent& extent, const Field& field) {
  const uint32_t have = extent.length > field.offset ? extent.length - field.offset : 0;
  if (field.width == Width::byte) return have == 0 ? byte_missing : extent.at[field.offset];
  if (have == 0) return word_missing;
  if (have == 1) return word_half + extent.at[field.offset];
  uint16_t word;
  memcpy(&word, extent.at + field.offset, 2);
  return word;
}

/// Header positions of a chunk.
struct Located {
  const uint8_t* at[base_count][chunk_size];
  uint64_t incomplete;  // one bit for each packet that lacks bytes; its positions lead to zeros
};

/// A frame's worth of zeros, so that reads for incomplete packets need no test.
extern const uint8_t zero_frame[HC_BUFFER_SIZE + 64];

/// Fills `out` for the bases in `bases`.
template <uint32_t bases>
inline void locate_bases(const Program& program, hc_packet* const* packets, uint32_t count, Located& out) {
  constexpr auto has = [](Base b) { return (bases >> static_cast<uint32_t>(b) & 1) != 0; };
  const auto needed = [&](Base b) { return program.needed[static_cast<uint32_t>(b)]; };
  const auto at = [&](Base b) { return out.at[static_cast<uint32_t>(b)]; };
  out.incomplete = 0;
  for (uint32_t i = 0; i < count; ++i) {
    const Packet& p = *static_cast<const Packet*>(packets[i]);
    const uint32_t end = p.headroom() + p.length;
    const uint32_t mac = p.mac_offset, network = p.network_offset, transport = p.transport_offset;
    bool complete = true;
    if constexpr (has(Base::data)) complete &= p.length >= needed(Base::data);
    if constexpr (has(Base::mac)) complete &= (mac != 0) & (mac + needed(Base::mac) <= end);
    if constexpr (has(Base::network)) complete &= (network != 0) & (network + needed(Base::network) <= end);
    if constexpr (has(Base::transport))
      complete &= (transport != 0) & (transport + needed(Base::transport) <= end);
    if (HC_UNLIKELY(!complete)) {
      out.incomplete |= uint64_t{1} << i;
      for (uint32_t b = 0; b < base_count; ++b) out.at[b][i] = zero_frame;
      continue;
    }
    if constexpr (has(Base::data)) at(Base::data)[i] = p.data;
    if constexpr (has(Base::mac)) at(Base::mac)[i] = p.buffer + mac;
    if constexpr (has(Base::network)) at(Base::network)[i] = p.buffer + network;
    if constexpr (has(Base::transport)) at(Base::transport)[i] = p.buffer + transport;
    prefetch(p.buffer + (has(Base::data) ? p.headroom() : network));
  }
}

inline void locate(const Program& program, hc_packet* const* packets, uint32_t count, Located& out) {
  constexpr uint32_t data = 1u << static_cast<uint32_t>(Base::data),
                     mac = 1u << static_cast<uint32_t>(Base::mac),
                     network = 1u << static_cast<uint32_t>(Base::network),
                     transport = 1u << static_cast<uint32_t>(Base::transport);
  switch (program.bases) {
    case data:
      return locate_bases<data>(program, packets, count, out);
    case network:
      return locate_bases<network>(program, packets, count, out);
    case network | transport:
      return locate_bases<network | transport>(program, packets, count, out);
    case transport:
      return locate_bases<transport>(program, packets, count, out);
    case mac:
      return locate_bases<mac>(program, packets, count, out);
    case mac | network:
      return locate_bases<mac | network>(program, packets, count, out);
    case mac | transport:
      return locate_bases<mac | transport>(program, packets, count, out);
    default:
      return locate_bases<mac | network | transport>(program, packets, count, out);
  }
}

}  // namespace hotclick::core
