/// Memory that other processes can be given: a memfd, mapped. Pages appear when they are first touched.
#pragma once
#include <cstddef>
#include <cstdint>
#include <utility>

namespace hotclick::core {

class MappedRegion {
 public:
  MappedRegion() = default;
  /// Maps `size` bytes (rounded up to pages) of zeros under `name` (seen in /proc/self/maps). ok() tells.
  static MappedRegion create(const char* name, size_t size);
  /// Maps the memory behind a descriptor, which stays the caller's. Not ok() when it is no memory of at least
  /// `size` bytes.
  static MappedRegion adopt(int fd, size_t size);
  MappedRegion(MappedRegion&& other) noexcept { swap(other); }
  MappedRegion& operator=(MappedRegion&& other) noexcept {
    swap(other);
    return *this;
  }
  MappedRegion(const MappedRegion&) = delete;
  MappedRegion& operator=(const MappedRegion&) = delete;
  ~MappedRegion();

  bool ok() const { return data_ != nullptr; }
  uint8_t* data() const { return data_; }
  size_t size() const { return size_; }
  int fd() const { return fd_; }
  /// Maps the same pages over `address` (page aligned) as well; false when the kernel refuses.
  bool map_over(void* address, size_t size) const;
  /// Makes the pages that exist present in this mapping, so that nobody has to fault them in later.
  void populate() const;
  /// Makes the first `bytes` exist and present, so that writing there never waits for the kernel.
  void reserve(size_t bytes) const;

 private:
  /// Takes the descriptor over.
  static MappedRegion map(int fd, size_t size);
  void swap(MappedRegion& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(fd_, other.fd_);
  }
  uint8_t* data_ = nullptr;
  size_t size_ = 0;
  int fd_ = -1;
};

}  // namespace hotclick::core
