#include "capture_reader.hh"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <algorithm>

namespace hotclick::io {
namespace {

// https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-04.html and draft-ietf-opsawg-pcapng-02.html
constexpr uint32_t magic_microseconds = 0xA1B2C3D4, magic_nanoseconds = 0xA1B23C4D;
constexpr uint32_t block_section = 0x0A0D0D0A, block_interface = 1, block_simple = 3, block_enhanced = 6;
constexpr uint32_t byte_order_magic = 0x1A2B3C4D;
constexpr size_t file_header = 24, record_header = 16;
/// Longest record that is believed; what tcpdump and Wireshark take as well.
constexpr uint32_t longest_record = 256u << 10;
/// Interfaces of one section that are remembered, so that a hostile file cannot fill the memory.
constexpr size_t most_interfaces = 4096;
constexpr uint16_t option_resolution = 9, option_offset = 14;

uint32_t raw32(const uint8_t* p) {
  uint32_t v;
  memcpy(&v, p, 4);
  return v;
}

}  // namespace

const uint8_t* ByteSource::peek(size_t n) {
  if (n <= available_) return start_;
  if (fd_ < 0 || n > window_bytes) return nullptr;
  memmove(buffer_.data(), start_, available_);
  start_ = buffer_.data();
  while (available_ < n) {
    const ssize_t got = read(fd_, buffer_.data() + available_, window_bytes - available_);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      failed_ = got < 0;
      return nullptr;
    }
    available_ += static_cast<size_t>(got);
  }
  return start_;
}

void ByteSource::skip(size_t n) {
  start_ += n;
  available_ -= n;
  position_ += n;
}

uint16_t CaptureReader::load16(const uint8_t* p) const {
  uint16_t v;
  memcpy(&v, p, 2);
  return swapped_ ? __builtin_bswap16(v) : v;
}

uint32_t CaptureReader::load32(const uint8_t* p) const {
  const uint32_t v = raw32(p);
  return swapped_ ? __builtin_bswap32(v) : v;
}

CaptureReader::Outcome CaptureReader::damaged(const char* what) {
  error_ = std::string(what) + " at byte " + std::to_string(source_.position());
  return Outcome::damaged;
}

/// What it means that a peek() failed.
CaptureReader::Outcome CaptureReader::short_read() {
  if (source_.failed()) return damaged("the file cannot be read on");
  return source_.rest() == 0 ? Outcome::end : Outcome::truncated;
}

bool CaptureReader::open() {
  const uint8_t* p = source_.peek(4);
  if (!p) {
    error_ = source_.failed() ? "the file cannot be read" : "the file is too short for a capture file";
    return false;
  }
  const uint32_t magic = raw32(p), turned = __builtin_bswap32(magic);
  if (magic == block_section) {
    next_generation_ = true;
    return true;
  }
  swapped_ = turned == magic_microseconds || turned == magic_nanoseconds;
  nanoseconds_ = magic == magic_nanoseconds || turned == magic_nanoseconds;
  if (!swapped_ && !nanoseconds_ && magic != magic_microseconds) {
    error_ = "this is not a capture file (pcap or pcapng)";
    return false;
  }
  p = source_.peek(file_header);
  if (!p) {
    error_ = "the file is too short for a capture file";
    return false;
  }
  if (load16(p + 4) != 2) {
    error_ = "capture file of unknown version " + std::to_string(load16(p + 4));
    return false;
  }
  link_type_ =
      static_cast<uint16_t>(load32(p + 20));  // the upper bits say whether there is a frame check sequence
  source_.skip(file_header);
  return true;
}

CaptureReader::Outcome CaptureReader::next(CapturedFrame& frame) {
  if (!error_.empty()) return Outcome::damaged;
  return next_generation_ ? next_pcapng(frame) : next_pcap(frame);
}

CaptureReader::Outcome CaptureReader::next_pcap(CapturedFrame& frame) {
  const uint8_t* p = source_.peek(record_header);
  if (!p) return short_read();
  const uint32_t seconds = load32(p), fraction = load32(p + 4), length = load32(p + 8);
  const uint32_t original = load32(p + 12);
  if (length > longest_record) return damaged("a record of impossible length");
  p = source_.peek(record_header + length);
  if (!p) return short_read();
  frame.data = p + record_header;
  frame.length = length;
  frame.original_length = std::max(original, length);
  frame.timestamp = uint64_t{seconds} * 1'000'000'000u + uint64_t{fraction} * (nanoseconds_ ? 1 : 1000);
  frame.link_type = link_type_;
  source_.skip(record_header + length);
  return Outcome::frame;
}

CaptureReader::Outcome CaptureReader::next_pcapng(CapturedFrame& frame) {
  for (;;) {
    const uint8_t* p = source_.peek(12);
    if (!p) return short_read();
    const bool section = raw32(p) == block_section;  // reads the same in both byte orders
    if (section) {
      if (raw32(p + 8) == byte_order_magic) {
        swapped_ = false;
      } else if (__builtin_bswap32(raw32(p + 8)) == byte_order_magic) {
        swapped_ = true;
      } else {
        return damaged("a section without its byte order mark");
      }
    }
    const uint32_t type = load32(p), length = load32(p + 4);
    if (length < 12 || length % 4 != 0 || length > longest_record + 4096)
      return damaged("a block of impossible length");
    p = source_.peek(length);
    if (!p) return short_read();
    if (load32(p + length - 4) != length) return damaged("a block whose two lengths differ");
    bool good = true, have_frame = false;
    if (section) {
      good = read_section(p, length);
    } else if (type == block_interface) {
      good = read_interface(p, length);
    } else if (type == block_enhanced) {
      good = have_frame = read_packet_block(p, length, frame);
    } else if (type == block_simple) {
      good = have_frame = read_simple_block(p, length, frame);
    }
    if (!good) return damaged("a block that contradicts itself");
    source_.skip(length);  // the bytes stay where they are until the next peek
    if (have_frame) return Outcome::frame;
  }
}

bool CaptureReader::read_section(const uint8_t* block, uint32_t length) {
  interfaces_.clear();
  return length >= 28 && load16(block + 12) == 1;
}

bool CaptureReader::read_interface(const uint8_t* block, uint32_t length) {
  if (length < 20 || interfaces_.size() >= most_interfaces) return false;
  Interface interface { load16(block + 8), load32(block + 12), 1'000'000, 0 };
  uint32_t at = 16;
  while (at + 4 <= length - 4) {
    const uint16_t code = load16(block + at), size = load16(block + at + 2);
    const uint32_t padded = (size + 3u) & ~3u;
    if (code == 0) break;
    if (padded > length - 4 - at - 4) return false;
    const uint8_t* value = block + at + 4;
    if (code == option_resolution && size == 1) {
      const uint32_t exponent = value[0] & 0x7F;
      interface.units_per_second = 1;
      if (exponent > ((value[0] & 0x80) ? 63u : 19u)) return false;
      for (uint32_t i = 0; i < exponent; ++i) interface.units_per_second *= (value[0] & 0x80) ? 2 : 10;
    } else if (code == option_offset && size == 8) {
      const uint64_t low = load32(value + (swapped_ ? 4 : 0)), high = load32(value + (swapped_ ? 0 : 4));
      interface.offset_seconds = static_cast<int64_t>(high << 32 | low);
    }
    at += 4 + padded;
  }
  if (interfaces_.empty()) link_type_ = interface.link_type;
  interfaces_.push_back(interface);
  return true;
}

bool CaptureReader::read_packet_block(const uint8_t* block, uint32_t length, CapturedFrame& frame) {
  if (length < 32) return false;
  const uint32_t number = load32(block + 8), captured = load32(block + 20);
  if (number >= interfaces_.size() || captured > length - 32) return false;
  const Interface& interface = interfaces_[number];
  const uint64_t time = uint64_t{load32(block + 12)} << 32 | load32(block + 16);
  const uint64_t units = interface.units_per_second;
  frame.data = block + 28;
  frame.length = captured;
  frame.original_length = std::max(load32(block + 24), captured);
  // In unsigned arithmetic: a nonsensical time wraps, it does not overflow.
  const uint64_t fraction =
      static_cast<uint64_t>(static_cast<unsigned __int128>(time % units) * 1'000'000'000u / units);
  frame.timestamp =
      (time / units + static_cast<uint64_t>(interface.offset_seconds)) * 1'000'000'000u + fraction;
  frame.link_type = interface.link_type;
  return true;
}

bool CaptureReader::read_simple_block(const uint8_t* block, uint32_t length, CapturedFrame& frame) {
  if (length < 16 || interfaces_.empty()) return false;
  const uint32_t original = load32(block + 8), snap = interfaces_[0].snap_length;
  const uint32_t captured = snap != 0 ? std::min(original, snap) : original;
  if (captured > length - 16) return false;
  frame.data = block + 12;
  frame.length = captured;
  frame.original_length = original;
  frame.timestamp = 0;
  frame.link_type = interfaces_[0].link_type;
  return true;
}

}  // namespace hotclick::io
