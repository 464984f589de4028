#include "board.hh"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <climits>
#include <ctime>

namespace hotclick::core {

Board Board::create(uint32_t shards) {
  Board board;
  board.region_ = MappedRegion::create("hotclick-board", bytes(shards));  // all words are 0: running
  return board;
}

Board Board::adopt(int fd, uint32_t shards) {
  Board board;
  board.region_ = MappedRegion::adopt(fd, bytes(shards));
  return board;
}

uint32_t Board::new_attempt() const {
  const uint32_t attempt = words().attempt.fetch_add(1, std::memory_order_acq_rel) + 1;
  for (auto* word : {&words().waiting, &words().left, &words().installed, &words().phase}) word->store(0);
  return attempt;
}

bool Board::move(Phase from, Phase to) {
  auto expected = static_cast<uint32_t>(from);
  if (!words().phase.compare_exchange_strong(expected, static_cast<uint32_t>(to), std::memory_order_acq_rel))
    return false;
  ring();
  return true;
}

void Board::ring() const {
  words().bell.fetch_add(1, std::memory_order_acq_rel);
  // Not a private futex: the other side may be another process.
  syscall(SYS_futex, &words().bell, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
}

void Board::wait(uint32_t seen, uint64_t ns) const {
  const timespec timeout{static_cast<time_t>(ns / 1'000'000'000u), static_cast<long>(ns % 1'000'000'000u)};
  syscall(SYS_futex, &words().bell, FUTEX_WAIT, seen, &timeout, nullptr, 0);
}

}  // namespace hotclick::core
