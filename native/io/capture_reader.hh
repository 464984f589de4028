/// Reads capture files: pcap (microseconds and nanoseconds, both byte orders) and pcapng. Nothing in the file
/// is believed before it was checked: a damaged file ends cleanly or with a message, and no length in it
/// makes the reader allocate more than its buffer.
#pragma once
#include <stddef.h>
#include <stdint.h>

#include <memory>
#include <string>
#include <vector>

namespace hotclick::io {

/// A frame in the file; `data` stays valid until the next call of the reader.
struct CapturedFrame {
  const uint8_t* data = nullptr;
  uint32_t length = 0;           ///< bytes that are there
  uint32_t original_length = 0;  ///< bytes the frame had
  uint64_t timestamp = 0;        ///< ns since the epoch
  uint16_t link_type = 0;        ///< LINKTYPE_ number
};

/// A window on a file descriptor or on memory.
class ByteSource {
 public:
  static constexpr size_t window_bytes = 1u << 20;

  /// Reads a descriptor, which stays the caller's.
  explicit ByteSource(int fd) : fd_(fd), buffer_(window_bytes), start_(buffer_.data()) {}
  ByteSource(const uint8_t* data, size_t size) : start_(data), available_(size) {}

  /// The next `n` bytes, or null when there are fewer (or `n` is more than the window). They are not taken
  /// yet.
  const uint8_t* peek(size_t n);
  /// Bytes that are there at the end of the source, after a peek() that failed.
  size_t rest() const { return available_; }
  void skip(size_t n);
  uint64_t position() const { return position_; }
  /// True when reading failed, which otherwise looks like the end.
  bool failed() const { return failed_; }

 private:
  int fd_ = -1;
  std::vector<uint8_t> buffer_;
  const uint8_t* start_;
  size_t available_ = 0;
  uint64_t position_ = 0;
  bool failed_ = false;
};

class CaptureReader {
 public:
  enum class Outcome {
    frame,
    end,        ///< the file ends between two records
    truncated,  ///< the file ends inside a record
    damaged     ///< error() says what is wrong
  };

  explicit CaptureReader(ByteSource source) : source_(std::move(source)) {}
  /// Reads the header; false with error() set when this is no capture file.
  bool open();
  Outcome next(CapturedFrame& frame);
  const std::string& error() const { return error_; }
  /// Link type of the file; of the first interface in pcapng, known once a frame was read.
  uint16_t link_type() const { return link_type_; }
  uint64_t position() const { return source_.position(); }

 private:
  struct Interface {
    uint16_t link_type;
    uint32_t snap_length;
    uint64_t units_per_second;
    int64_t offset_seconds;
  };
  Outcome damaged(const char* what);
  Outcome short_read();
  uint16_t load16(const uint8_t* p) const;
  uint32_t load32(const uint8_t* p) const;
  Outcome next_pcap(CapturedFrame& frame);
  Outcome next_pcapng(CapturedFrame& frame);
  bool read_section(const uint8_t* block, uint32_t length);
  bool read_interface(const uint8_t* block, uint32_t length);
  bool read_packet_block(const uint8_t* block, uint32_t length, CapturedFrame& frame);
  bool read_simple_block(const uint8_t* block, uint32_t length, CapturedFrame& frame);

  ByteSource source_;
  std::string error_;
  bool swapped_ = false, nanoseconds_ = false, next_generation_ = false;
  uint16_t link_type_ = 0;
  std::vector<Interface> interfaces_;
};

}  // namespace hotclick::io
