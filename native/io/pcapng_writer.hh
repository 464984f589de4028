/// Writes pcapng files: one section, any number of interfaces with nanosecond times, packets with comments.
#pragma once
#include <string_view>

#include "capture_output.hh"

namespace hotclick::io {

class PcapngWriter {
 public:
  /// Creates the file ("-": standard output) and writes the section header, which names `application`. False
  /// with error() set.
  bool open(const char* path, std::string_view application);
  /// The same on a descriptor, which is taken over.
  bool adopt(int fd, std::string_view application);
  /// Declares an interface; the result is its number for write(). `snap_length` 0 = unlimited.
  uint32_t add_interface(std::string_view name, uint16_t link_type = 1, uint32_t snap_length = 0);
  /// Writes a packet of `length` captured bytes out of `original_length`; time in ns since the epoch. False
  /// when the buffer had to be written and could not.
  bool write(uint32_t interface, uint64_t timestamp, const uint8_t* data, uint32_t length,
             uint32_t original_length, std::string_view comment = {});
  bool flush() { return output_.flush(); }
  const std::string& error() const { return output_.error(); }

 private:
  bool write_section(std::string_view application);
  CaptureOutput output_;
  uint32_t interfaces_ = 0;
};

}  // namespace hotclick::io
