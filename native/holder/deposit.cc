#include "deposit.hh"

#include <unistd.h>

#include "protocol.hh"

namespace hotclick::holder {
namespace {

void close_all(std::vector<int>& files) {
  for (const int fd : files) close(fd);
  files.clear();
}

}  // namespace

Deposit::Put Deposit::put(uint32_t count, uint32_t first, std::vector<int>& files) {
  if (first == 0) forget_parts();
  if (first != coming_.size() || count == 0 || count > most_files || files.empty() ||
      files.size() > count - first) {
    close_all(files);
    forget_parts();
    return Put::refused;
  }
  coming_.insert(coming_.end(), files.begin(), files.end());
  files.clear();
  if (coming_.size() < count) return Put::more;
  close_all(files_);
  files_.swap(coming_);
  return Put::complete;
}

void Deposit::forget_parts() {
  close_all(coming_);
}

void Deposit::clear() {
  forget_parts();
  close_all(files_);
}

}  // namespace hotclick::holder
