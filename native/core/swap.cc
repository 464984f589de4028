#include "swap.hh"

#include "clock.hh"
#include "shard.hh"
#include "swap_code.hh"
#include "urgency.hh"

namespace hotclick::core {
HC_SWAP_CODE bool SwapCommand::step(Shard& shard) {
  const bool restart = strategy_ == Strategy::thread;
  if (next_ &&
      warm_up_.step(*next_, shard.graph().get(), restart ? shard.way_out() : std::span<const void* const>{}))
    return false;
  if (!urgent_) {  // in a round of its own: it is not part of the break
    urgent_ = true;
    make_urgent(this_thread());
    return false;
  }
  if (!restart) {
    begin_ = monotonic();
    shard.install(std::move(next_), watched_);
    end_ = monotonic();
    make_ordinary(this_thread());
    return true;
  }
  if (!left_) {
    begin_ = monotonic();
    left_ = true;
    shard.leave_for_restart();
    return false;
  }
  end_ = shard.entered_at();
  make_ordinary(this_thread());
  return true;
}

void SwapCommand::install_restarted(Shard& shard) {
  if (next_) shard.install_outside(std::move(next_), watched_);
}

void SwapCommand::interrupted() {
  end_ = monotonic();
  make_ordinary(this_thread());
}

bool WatchCommand::step(Shard& shard) {
  const uint64_t begin = monotonic();
  switch (what_) {
    case What::end:
      still_new_ = shard.end_watch();
      break;
    case What::keep:
      shard.keep_graph();
      break;
    case What::take_back:
      shard.take_back();
      break;
  }
  break_ = monotonic() - begin;
  return true;
}

}  // namespace hotclick::core
