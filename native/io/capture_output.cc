#include "capture_output.hh"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

namespace hotclick::io {

bool CaptureOutput::open(const char* path) {
  const bool standard = strcmp(path, "-") == 0;
  file_ = FileDescriptor(standard ? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)
                                  : ::open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (file_.valid()) return true;
  error_ = std::string("cannot write '") + path + "': " + strerror(errno);
  return false;
}

uint8_t* CaptureOutput::reserve(size_t n) {
  if (n > buffer_bytes || (used_ + n > buffer_bytes && !flush())) return nullptr;
  return buffer_.data() + used_;
}

void CaptureOutput::commit(size_t n) {
  used_ += n;
  ++buffered_records_;
}

bool CaptureOutput::flush() {
  size_t done = 0;
  while (done < used_) {
    const ssize_t n = write(file_.get(), buffer_.data() + done, used_ - done);
    if (n < 0 && errno == EINTR) continue;
    if (n > 0) {
      done += static_cast<size_t>(n);
      continue;
    }
    error_ = std::string("cannot write: ") + strerror(n < 0 ? errno : EIO);
    // A pipe cannot be cut back; its reader sees a record that ends early.
    if (done != 0 && ftruncate(file_.get(), static_cast<off_t>(*written_)) == 0) {
      lseek(file_.get(), static_cast<off_t>(*written_), SEEK_SET);
    }
    lost_ += buffered_records_;
    used_ = buffered_records_ = 0;
    return false;
  }
  *written_ += used_;
  used_ = buffered_records_ = 0;
  return true;
}

}  // namespace hotclick::io
