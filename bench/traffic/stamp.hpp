// What every packet of the generator carries as its UDP payload, shared by generator and sink.
#pragma once

#include <cstddef>
#include <cstdint>

namespace traffic {

/// Bytes of Ethernet, IPv4 (no options) and UDP headers in front of the payload.
inline constexpr size_t kHeaderBytes = 14 + 20 + 8;

/// Bytes of a stamp. Headers and stamp together are a 64-byte frame (length without the frame check
/// sequence).
inline constexpr size_t kStampBytes = 22;

/// Default stream number; programs of different runs can be told apart by giving each its own.
inline constexpr uint16_t kDefaultStream = 0x4843;

/// The stamp, on the wire in network byte order, in the order of the fields:
/// stream 16 bits, flow 16, sequence 64, sent_ns 48, global 32.
struct Stamp {
  uint16_t stream;    ///< magic number of the run; others are ignored by the sink
  uint16_t flow;      ///< flow number, from 0
  uint64_t sequence;  ///< number of the packet within its flow, from 0
  uint64_t sent_ns;   ///< CLOCK_MONOTONIC at sending, low 48 bits
  uint32_t global;    ///< number of the packet over all flows, low 32 bits
};

inline constexpr uint64_t kSentMask = (uint64_t{1} << 48) - 1;

inline void put_big_endian(uint8_t* at, uint64_t value, size_t bytes) {
  for (size_t i = 0; i < bytes; ++i) at[i] = static_cast<uint8_t>(value >> (8 * (bytes - 1 - i)));
}

inline uint64_t get_big_endian(const uint8_t* at, size_t bytes) {
  uint64_t value = 0;
  for (size_t i = 0; i < bytes; ++i) value = value << 8 | at[i];
  return value;
}

/// Writes kStampBytes bytes.
inline void write_stamp(uint8_t* at, const Stamp& stamp) {
  put_big_endian(at, stamp.stream, 2);
  put_big_endian(at + 2, stamp.flow, 2);
  put_big_endian(at + 4, stamp.sequence, 8);
  put_big_endian(at + 12, stamp.sent_ns & kSentMask, 6);
  put_big_endian(at + 18, stamp.global, 4);
}

/// Reads a stamp from `length` bytes; false when there are too few.
inline bool read_stamp(const uint8_t* at, size_t length, Stamp& stamp) {
  if (length < kStampBytes) return false;
  stamp.stream = static_cast<uint16_t>(get_big_endian(at, 2));
  stamp.flow = static_cast<uint16_t>(get_big_endian(at + 2, 2));
  stamp.sequence = get_big_endian(at + 4, 8);
  stamp.sent_ns = get_big_endian(at + 12, 6);
  stamp.global = static_cast<uint32_t>(get_big_endian(at + 18, 4));
  return true;
}

}  // namespace traffic
