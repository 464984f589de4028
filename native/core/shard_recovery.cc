// The way back from an upgrade that is watched: because the host says so, or because element code has crashed.
#include <ctime>

#include "shard.hh"

namespace hotclick::core {

void Shard::install_outside(std::shared_ptr<ShardGraph>&& next, bool watched) {
  if (sigsetjmp(guard_.point, 0) != 0) return recover();
  guard_.set_inside(true);
  install(std::move(next), watched);
  guard_.set_inside(false);
}

bool Shard::end_watch() {
  if (guard_.stage() == FaultGuard::Stage::returned) return false;
  guard_.end();
  return true;
}

void Shard::keep_graph() {
  for (const auto& n : graph_->nodes()) n->drop_queues_left();
  for (FlowTable* t : graph_->tables()) t->release();
}

void Shard::take_back() {
  if (guard_.newer() && graph_ == guard_.newer()) return_to_previous(Return::ordered);
}

void Shard::return_to_previous(Return how) {
  // A crash of the new code on this way is survived once; the bare way calls no element code.
  guard_.set_stage(how == Return::bare ? FaultGuard::Stage::off : FaultGuard::Stage::returning);
  guard_.set_inside(how != Return::bare);
  instrumentation = nullptr;
  face_.tracing = 0;
  guard_.older()->reinstate(*guard_.newer(), how);
  graph_ = guard_.older();
  previous_ = guard_.newer();
  if (installed_revision) installed_revision->store(graph_->revision, std::memory_order_release);
  drain_deadline_ = face_.now + drain_limit;
  next_timer_ = face_.now;
  guard_.set_stage(FaultGuard::Stage::returned);
}

/// Back from a crash. Nothing here allocates: the crash may have been in the allocator.
void Shard::recover() {
  face_.scratch = scratch_begin_;
  guard_.set_waiting(false);
  if (guard_.stage() == FaultGuard::Stage::returned) {
    // Of the new code only what takes state back was still called, or elements that drained.
    for (FlowTable* t : graph_->tables()) t->leave_author_out();
    graph_->versions().leave_authors_out();
    graph_->check_draining(true, true);
  } else {
    return_to_previous(guard_.stage() == FaultGuard::Stage::watching ? Return::fault : Return::bare);
    refresh_clock();
    guard_.offer_evidence(face_.now);
  }
  guard_.set_inside(false);
  if (active_) {
    Command* command = active_;
    active_ = nullptr;
    command->interrupted();
    finish(*command);
  }
  to_notify_ = true;
}

}  // namespace hotclick::core
