#include "copy_command.hh"

#include <algorithm>
#include <cstring>

#include "../core/clock.hh"
#include "../core/shard.hh"

namespace hotclick::core {
namespace {
/// Pages a round, about a µs each. Where every round writes to more pages than that, the copy would never be done:
/// then it takes more, up to about the time of a full batch.
constexpr uint32_t least_pages = 8, most_pages = 128;
constexpr uint32_t rounds_before_more = 4096;

}  // namespace

std::unique_ptr<CopyCommand> CopyCommand::create(
    std::shared_ptr<ShardGraph> graph, const std::vector<std::shared_ptr<PacketCapture>>& captures) {
  std::unique_ptr<CopyCommand> command(new CopyCommand(std::move(graph)));
  for (const auto& capture : captures) {
    const Node* node = command->graph_->find(capture->element());
    if (!node) continue;
    Element element = {node, capture, {}, {}};
    for (const StateBinding& b : node->states) {
      State state = {&b, {}, nullptr};
      if (b.table) {
        state.table = TableCopy::create(*b.table);
        if (!state.table) return nullptr;
      } else if (b.block || b.section) {
        state.bytes.resize(b.schema.size);
      } else {
        continue;  // packets that wait stay where they are
      }
      element.states.push_back(std::move(state));
    }
    command->elements_.push_back(std::move(element));
  }
  return command;
}

bool CopyCommand::step(Shard& shard) {
  const uint64_t begin = monotonic();
  const bool done = copy(shard);
  const uint64_t took = monotonic() - begin;
  spent_ += took;
  if (took > longest_) longest_ = took;
  return done;
}

bool CopyCommand::copy(Shard& shard) {
  if (shard.graph() != graph_) {
    stale_ = true;
    return true;
  }
  uint32_t budget = std::min(most_pages, least_pages << std::min(rounds_++ / rounds_before_more, 4u));
  // What has been clean at the end of one step may not be at the next: all of it must be in the same.
  for (Element& e : elements_) {
    for (State& s : e.states) {
      if (s.table && !s.table->step(budget)) return false;
    }
  }
  finish(shard);
  return true;
}

void CopyCommand::finish(Shard& shard) {
  for (Element& e : elements_) {
    for (State& s : e.states) {
      if (s.table) s.table->end();
      const StateBinding& b = *s.binding;
      const uint8_t* from = b.block ? b.block.get() : b.section ? b.section->pages.data() : nullptr;
      if (from) memcpy(s.bytes.data(), from, s.bytes.size());
    }
    memcpy(e.timers, e.node->timers, sizeof(e.timers));
    e.capture->begin();
  }
  now_ = shard.face()->now;
  wall_offset_ = shard.face()->wall_offset;
  random_ = shard.face()->random;
}

}  // namespace hotclick::core
