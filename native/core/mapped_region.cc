#include "mapped_region.hh"

#include <sys/mman.h>
#include <unistd.h>

namespace hotclick::core {

MappedRegion MappedRegion::create(const char* name, size_t size) {
  MappedRegion region;
  size = (size + 4095) & ~static_cast<size_t>(4095);
  const int fd = memfd_create(name, MFD_CLOEXEC);
  if (fd < 0) return region;
  void* at = MAP_FAILED;
  if (ftruncate(fd, static_cast<off_t>(size)) == 0) {
    at = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
  }
  if (at == MAP_FAILED) {
    close(fd);
    return region;
  }
  madvise(at, size,
          MADV_HUGEPAGE);  // a wish: takes effect where the kernel allows huge pages in shared memory
  region.data_ = static_cast<uint8_t*>(at);
  region.size_ = size;
  region.fd_ = fd;
  return region;
}

MappedRegion::~MappedRegion() {
  if (data_) munmap(data_, size_);
  if (fd_ >= 0) close(fd_);
}

bool MappedRegion::map_over(void* address, size_t size) const {
  if (size > size_) return false;
  return mmap(address, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd_, 0) != MAP_FAILED;
}

}  // namespace hotclick::core
