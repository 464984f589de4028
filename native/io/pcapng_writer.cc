#include "pcapng_writer.hh"

#include <string.h>

#include <algorithm>

namespace hotclick::io {
namespace {

// draft-ietf-opsawg-pcapng-02, sections 3.5 and 4
constexpr uint32_t block_section = 0x0A0D0D0A, block_interface = 1, block_enhanced = 6,
                   byte_order_magic = 0x1A2B3C4D;
constexpr uint16_t option_end = 0, option_comment = 1, option_application = 4, option_name = 2,
                   option_resolution = 9;
constexpr uint8_t nanosecond_resolution = 9;
constexpr size_t longest_text = 4096;

constexpr size_t padded(size_t n) {
  return (n + 3) & ~size_t{3};
}
constexpr size_t option_bytes(size_t n) {
  return n == 0 ? 0 : 4 + padded(n);
}

/// Writes a block in place: type and length first, and the length again at the end.
class Block {
 public:
  Block(uint8_t* at, uint32_t type, size_t bytes) : at_(at) {
    memset(at, 0, bytes);
    put32(type);
    put32(static_cast<uint32_t>(bytes));
    const uint32_t length = static_cast<uint32_t>(bytes);
    memcpy(at + bytes - 4, &length, 4);
  }
  void put16(uint16_t v) { put(&v, 2); }
  void put32(uint32_t v) { put(&v, 4); }
  void put(const void* data, size_t n) {
    if (n != 0) memcpy(at_, data, n);
    at_ += n;
  }
  void put_padded(const void* data, size_t n) {
    put(data, n);
    at_ += padded(n) - n;
  }
  void option(uint16_t code, std::string_view value) {
    if (value.empty()) return;
    put16(code);
    put16(static_cast<uint16_t>(value.size()));
    put_padded(value.data(), value.size());
  }
  void end_of_options() { put32(option_end); }

 private:
  uint8_t* at_;
};

}  // namespace

bool PcapngWriter::open(const char* path, std::string_view application) {
  return output_.open(path) && write_section(application);
}

bool PcapngWriter::adopt(int fd, std::string_view application) {
  output_.adopt(fd);
  return write_section(application);
}

bool PcapngWriter::write_section(std::string_view application) {
  application = application.substr(0, longest_text);
  const size_t bytes = 24 + option_bytes(application.size()) + 4 + 4;
  uint8_t* at = output_.reserve(bytes);
  if (!at) return false;
  Block block(at, block_section, bytes);
  block.put32(byte_order_magic);
  block.put16(1);
  block.put16(0);
  const int64_t unknown_length = -1;
  block.put(&unknown_length, 8);
  block.option(option_application, application);
  block.end_of_options();
  output_.commit(bytes);
  return output_.flush();
}

uint32_t PcapngWriter::add_interface(std::string_view name, uint16_t link_type, uint32_t snap_length) {
  name = name.substr(0, longest_text);
  const size_t bytes = 16 + option_bytes(name.size()) + option_bytes(1) + 4 + 4;
  if (uint8_t* at = output_.reserve(bytes)) {
    Block block(at, block_interface, bytes);
    block.put16(link_type);
    block.put16(0);
    block.put32(snap_length);
    block.option(option_name, name);
    const char resolution = nanosecond_resolution;
    block.option(option_resolution, {&resolution, 1});
    block.end_of_options();
    output_.commit(bytes);
  }
  return interfaces_++;
}

bool PcapngWriter::write(uint32_t interface, uint64_t timestamp, const uint8_t* data, uint32_t length,
                         uint32_t original_length, std::string_view comment) {
  comment = comment.substr(0, longest_text);
  const size_t options = comment.empty() ? 0 : option_bytes(comment.size()) + 4;
  const size_t bytes = 28 + padded(length) + options + 4;
  uint8_t* at = output_.reserve(bytes);
  if (!at) return false;
  Block block(at, block_enhanced, bytes);
  block.put32(interface);
  block.put32(static_cast<uint32_t>(timestamp >> 32));
  block.put32(static_cast<uint32_t>(timestamp));
  block.put32(length);
  block.put32(std::max(length, original_length));
  block.put_padded(data, length);
  block.option(option_comment, comment);
  if (options != 0) block.end_of_options();
  output_.commit(bytes);
  return true;
}

}  // namespace hotclick::io
