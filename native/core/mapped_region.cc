#include "mapped_region.hh"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

namespace hotclick::core {

MappedRegion MappedRegion::create(const char* name, size_t size) {
  size = (size + 4095) & ~static_cast<size_t>(4095);
  const int fd = memfd_create(name, MFD_CLOEXEC);
  if (fd < 0) return {};
  if (ftruncate(fd, static_cast<off_t>(size)) == 0) return map(fd, size);
  close(fd);
  return {};
}

MappedRegion MappedRegion::adopt(int fd, size_t size) {
  struct stat about;
  // A file that ends before the mapping does would kill the reader.
  if (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode) || static_cast<uint64_t>(about.st_size) < size)
    return {};
  const int own = fcntl(fd, F_DUPFD_CLOEXEC, 3);
  return own < 0 ? MappedRegion() : map(own, static_cast<size_t>(about.st_size));
}

MappedRegion MappedRegion::map(int fd, size_t size) {
  MappedRegion region;
  void* at = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
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

void MappedRegion::reserve(size_t bytes) const {
  madvise(data_, bytes < size_ ? bytes : size_, MADV_POPULATE_WRITE);  // as in populate()
}

void MappedRegion::populate() const {
  off_t end = 0;
  for (off_t at = 0; (at = lseek(fd_, end, SEEK_DATA)) >= 0;) {
    end = lseek(fd_, at, SEEK_HOLE);
    if (end <= at) return;
    // Refused before Linux 5.14: then the faults happen later.
    madvise(data_ + at, static_cast<size_t>(end - at), MADV_POPULATE_WRITE);
  }
}

}  // namespace hotclick::core
