#include "hand_out.hh"

#include "../../io/device.hh"
#include "../clock.hh"
#include "../urgency.hh"

namespace hotclick::core {
namespace {

using Phase = Board::Phase;

/// ns of one wait: so often a shard that stands still looks whether it was given up, or asked something.
constexpr uint64_t slice = 1'000'000;
/// ns after which a successor whose shards all waited and none has moved is taken for dead.
constexpr uint64_t longest_silence = 200'000'000;
/// ns for which a thread looks before it sleeps.
constexpr uint64_t spin = 30'000;
/// Rounds in which packets between shards may lead to more of them.
constexpr uint32_t most_rounds = 1000;

/// For what takes some µs: to sleep and to be woken would take longer.
void wait_shortly(const Board& board, uint32_t seen) {
  for (const uint64_t end = monotonic() + spin; monotonic() < end;) {
    if (board.bell() != seen) return;
  }
  board.wait(seen, slice);
}

}  // namespace

std::shared_ptr<HandOut> HandOut::begin(EngineCore& engine, uint64_t patience) {
  return std::shared_ptr<HandOut>(
      new HandOut{engine, monotonic() + patience, {}, {}, std::vector<std::atomic<pid_t>>(engine.shards())});
}

bool HandOutCommand::step(Shard& shard) {
  Board& board = all_->engine.board();
  if (board.phase() == Phase::withdrawn) return true;
  if (board.waiting().load(std::memory_order_acquire) < all_->engine.shards()) {
    if (monotonic() < all_->deadline) return false;
    withdraw("the successor was not ready in time");
    return true;
  }
  // Nobody stops before everybody can: a shard that sleeps, or waits for a processor, would keep the others waiting.
  if (!ready_) get_ready(shard);
  if (all_->ready.load(std::memory_order_acquire) < all_->engine.shards() && monotonic() < all_->deadline)
    return false;
  stand_still(shard);
  return true;
}

/// The last one that is ready makes all urgent: before, an urgent shard could keep another one from getting ready.
void HandOutCommand::get_ready(Shard& shard) {
  ready_ = true;
  all_->threads[shard.index()].store(this_thread(), std::memory_order_relaxed);
  if (all_->ready.fetch_add(1, std::memory_order_acq_rel) + 1 == all_->engine.shards())
    for (const auto& thread : all_->threads) make_urgent(thread.load(std::memory_order_relaxed));
}

void HandOutCommand::stand_still(Shard& shard) {
  Board& board = all_->engine.board();
  board.left_at(shard.index()).store(monotonic(), std::memory_order_relaxed);
  if (board.left().fetch_add(1, std::memory_order_acq_rel) + 1 == all_->engine.shards()) seal();
  make_ordinary(this_thread());  // what is urgent now is the successor
  wait_for_decision(shard);
  // All of them: one that gave up early may have been made urgent after that.
  for (const auto& word : all_->threads)
    if (const pid_t thread = word.load(std::memory_order_relaxed)) make_ordinary(thread);
}

void HandOutCommand::wait_for_decision(Shard& shard) {
  const Board& board = all_->engine.board();
  for (;;) {
    const uint32_t seen = board.bell();
    switch (board.phase()) {
      case Phase::given:
        shard.share_devices(true);
        shard.part_with_graph();
        return;
      case Phase::withdrawn:
        return;
      default:
        break;
    }
    const uint64_t now = monotonic();
    const bool silent = board.phase() == Phase::sealed &&
                        now > board.left_at(shard.index()).load(std::memory_order_relaxed) + longest_silence;
    if (now >= all_->deadline || silent)
      withdraw("the successor did not take over in time");
    else
      board.wait(seen, slice);
    if (shard.questions && shard.questions->waiting(shard.index())) shard.questions->answer(shard);
  }
}

/// In the last shard that stopped: brings everything into the regions.
void HandOutCommand::seal() {
  EngineCore& engine = all_->engine;
  bool worked = true;
  for (uint32_t n = 0; worked && n < most_rounds; ++n) {
    worked = false;
    for (uint32_t i = 0; i < engine.shards(); ++i) worked |= engine.shard(i).take_handed_over();
  }
  for (uint32_t i = 0; i < engine.shards(); ++i) {
    Shard& shard = engine.shard(i);
    for (const Shard::OpenDevice& d : shard.devices()) d.device->flush(d.device);
    if (!shard.graph() || shard.graph()->draining()) return withdraw("removed elements still drain");
    if (!shard.carried_statics.empty())
      return withdraw("static variables that a library has not declared cannot be handed over");
    for (FlowTable* t : shard.graph()->tables()) {
      if (t->converting()) return withdraw("records are still being converted");
      t->seal();
    }
  }
  engine.board().move(Phase::running, Phase::sealed);
}

void HandOutCommand::withdraw(const char* why) {
  Board& board = all_->engine.board();
  for (const Phase phase : {Phase::running, Phase::sealed, Phase::taken, Phase::opened}) {
    if (!board.move(phase, Phase::withdrawn)) continue;
    all_->failure.store(why, std::memory_order_release);
    return;
  }
}

bool TakeOverCommand::step(Shard& shard) {
  TransferImport& import = *engine_.import();
  Board& board = import.board();
  if (!waits_) {
    if (board.attempt() != import.attempt()) return fail(shard, "what the engine had told is out of date");
    waits_ = true;
    make_urgent(this_thread());  // it sleeps until it is needed
    board.waiting().fetch_add(1, std::memory_order_acq_rel);
  }
  for (;;) {
    const uint32_t seen = board.bell();
    switch (board.phase()) {
      case Phase::running:
        if (import.stop_waiting.load(std::memory_order_relaxed)) {
          board.waiting().fetch_sub(1, std::memory_order_acq_rel);
          return fail(shard, "nobody waits for the engine any more");
        }
        board.wait(seen, slice);
        return false;
      case Phase::sealed:
        if (!board.move(Phase::sealed, Phase::taken)) continue;
        if (!import.read_final(engine_.pool(), *shard.face())) {
          board.move(Phase::taken, Phase::withdrawn);
          return fail(shard, "a table cannot be read");
        }
        board.move(Phase::taken, Phase::opened);
        continue;
      case Phase::opened:
        if (!installed_) {
          installed_ = true;
          shard.install(std::move(next_));
          if (board.installed().fetch_add(1, std::memory_order_acq_rel) + 1 == engine_.shards()) {
            board.move(Phase::opened, Phase::given);
            continue;
          }
        }
        break;
      case Phase::given:
        shard.share_devices(false);
        begin_ = board.left_at(shard.index()).load(std::memory_order_relaxed);
        break_ = monotonic() - begin_;
        make_ordinary(this_thread());
        return true;
      case Phase::withdrawn:
        return fail(shard, "the engine went on");
      case Phase::taken:
        break;
    }
    wait_shortly(board, seen);
  }
}

bool TakeOverCommand::fail(Shard& shard, const char* why) {
  failure_ = why;
  make_ordinary(this_thread());
  if (installed_) shard.part_with_graph();
  return true;
}

}  // namespace hotclick::core
