/// A buffered file that capture writers append whole records to. When the disk is full the file is cut back
/// to the last whole record, so that what was written can always be read.
#pragma once
#include <stddef.h>
#include <stdint.h>

#include <string>
#include <vector>

#include "interface.hh"

namespace hotclick::io {

class CaptureOutput {
 public:
  CaptureOutput() = default;
  CaptureOutput(const CaptureOutput&) = delete;
  CaptureOutput& operator=(const CaptureOutput&) = delete;

  static constexpr size_t buffer_bytes = 256u << 10;

  /// Creates or empties the file; "-" is the standard output. False with error() set.
  bool open(const char* path);
  /// Takes a descriptor over.
  void adopt(int fd) { file_ = FileDescriptor(fd); }
  /// Keeps the bytes that were written there, and goes on from what is there.
  void keep_place(uint64_t* written) { written_ = written; }
  int fd() const { return file_.get(); }

  /// Room for a record of `n` bytes (at most buffer_bytes): what is buffered is written first when it must
  /// be. Null when that fails; the buffered records are lost then, see lost_records().
  uint8_t* reserve(size_t n);
  /// Ends the record that was reserved.
  void commit(size_t n);
  bool flush();

  const std::string& error() const { return error_; }
  uint64_t position() const { return *written_ + used_; }
  /// Records that were committed and could not be written.
  uint64_t lost_records() const { return lost_; }

 private:
  FileDescriptor file_;
  std::vector<uint8_t> buffer_ = std::vector<uint8_t>(buffer_bytes);
  size_t used_ = 0;
  uint64_t buffered_records_ = 0, lost_ = 0;
  uint64_t own_written_ = 0;
  uint64_t* written_ = &own_written_;
  std::string error_;
};

}  // namespace hotclick::io
