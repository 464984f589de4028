#include "deposit.hh"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../test/unit.hpp"
#include "protocol.hh"

using namespace hotclick::holder;

namespace {

std::vector<int> some_files(size_t count) {
  std::vector<int> files;
  for (size_t i = 0; i < count; ++i) files.push_back(memfd_create("kept", MFD_CLOEXEC));
  return files;
}

bool is_open(int fd) {
  return fcntl(fd, F_GETFD) >= 0;
}

}  // namespace

TEST("a deposit takes the place of the one before when its last part is there, and not earlier") {
  Deposit deposit;
  auto first = some_files(3);
  const auto before = first;
  CHECK(deposit.put(3, 0, first) == Deposit::Put::complete);
  CHECK(first.empty());
  auto part = some_files(2), rest = some_files(2);
  const auto after = rest;
  CHECK(deposit.put(4, 0, part) == Deposit::Put::more);
  CHECK_EQ(deposit.files().size(), 3u);
  CHECK(is_open(before[0]));
  CHECK(deposit.put(4, 2, rest) == Deposit::Put::complete);
  CHECK_EQ(deposit.files().size(), 4u);
  for (const int fd : before) CHECK(!is_open(fd));
  deposit.clear();
  for (const int fd : after) CHECK(!is_open(fd));
}

TEST("parts that do not fit are closed, and what was there stays") {
  Deposit deposit;
  auto kept = some_files(1);
  CHECK(deposit.put(1, 0, kept) == Deposit::Put::complete);
  struct {
    uint32_t count, first;
    size_t files;
  } const wrong[] = {{0, 0, 1}, {2, 1, 1}, {2, 0, 3}, {2, 0, 0}, {most_files + 1, 0, 1}};
  for (const auto& w : wrong) {
    auto files = some_files(w.files);
    const auto numbers = files;
    CHECK(deposit.put(w.count, w.first, files) == Deposit::Put::refused);
    for (const int fd : numbers) CHECK(!is_open(fd));
  }
  auto part = some_files(1);
  const int half = part[0];
  CHECK(deposit.put(2, 0, part) == Deposit::Put::more);
  deposit.forget_parts();
  CHECK(!is_open(half));
  CHECK_EQ(deposit.files().size(), 1u);
}
