#include "publish_command.hh"

#include <algorithm>
#include <cstring>

#include "../core/clock.hh"
#include "../core/shard.hh"

namespace hotclick::core {
namespace {
constexpr uint32_t pages_a_round = 4;  // about 16 KB: a few µs
constexpr uint32_t pages_to_convert_a_round = 1;

}  // namespace

PublishCommand::PublishCommand(std::shared_ptr<ShardGraph> graph, size_t room)
    : graph_(std::move(graph)), data_(std::make_unique_for_overwrite<uint8_t[]>(room)), room_(room) {
  entries_.reserve(room / 512 + 1024);
}

bool PublishCommand::step(Shard& shard) {
  const uint64_t begin = monotonic();
  const bool done = publish(shard);
  const uint64_t took = monotonic() - begin;
  spent_ += took;
  if (took > longest_) longest_ = took;
  return done;
}

void PublishCommand::add_static(const std::string& element, const StateBinding& b) {
  const uint8_t* from = b.block ? b.block.get() : b.section ? b.section->pages.data() : b.image;
  if (!from || used_ + b.schema.size > room_ || entries_.size() == entries_.capacity()) return;
  memcpy(data_.get() + used_, from, b.schema.size);
  entries_.push_back({&element, &b, 0, static_cast<uint32_t>(used_), b.schema.size});
  used_ += b.schema.size;
}

/// A library's statics are one, however many instances of the class there are.
bool PublishCommand::is_published(const uint8_t* image) const {
  for (const Entry& e : entries_) {
    if (e.state->image == image) return true;
  }
  return false;
}

void PublishCommand::add_statics() {
  for (uint32_t i = 0; i < graph_->nodes().size(); ++i) {
    const Node& n = *graph_->nodes()[i];
    for (const StateBinding& b : n.states) add_static(graph_->name_of(i), b);
    if (n.undeclared.image && !is_published(n.undeclared.image)) add_static(graph_->name_of(i), n.undeclared);
  }
}

bool PublishCommand::publish(Shard& shard) {
  if (shard.graph() != graph_) {
    stale_ = true;  // an upgrade came in between; what is dirty stays so for the next sync
    return true;
  }
  if (!begun_) {
    begun_ = true;
    add_statics();
  }
  const auto converts = [](const FlowTable* t) { return t->converting(); };
  const auto converts_much = [](FlowTable* t) { return t->converts_much(); };
  const auto& tables = graph_->tables();
  if (std::any_of(tables.begin(), tables.end(), converts_much)) return false;
  uint32_t budget =
      std::any_of(tables.begin(), tables.end(), converts) ? pages_to_convert_a_round : pages_a_round;
  for (; node_ < graph_->nodes().size(); ++node_, state_ = 0) {
    const Node& n = *graph_->nodes()[node_];
    for (; state_ < n.states.size(); ++state_) {
      const StateBinding& b = n.states[state_];
      if (!b.table) continue;
      for (;;) {
        if (budget == 0) return false;
        if (used_ + b.table->page_bytes() > room_ || entries_.size() == entries_.capacity()) {
          more_ = true;
          return true;
        }
        uint32_t page = 0;
        const uint32_t size = b.table->publish_page(cursor_, page, data_.get() + used_);
        if (size == 0) break;
        entries_.push_back(
            {&graph_->name_of(static_cast<uint32_t>(node_)), &b, page, static_cast<uint32_t>(used_), size});
        used_ += size;
        --budget;
      }
    }
  }
  return true;
}

}  // namespace hotclick::core
