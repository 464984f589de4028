#include "engine_core.hh"

#include <new>

#include "host.hh"

namespace hotclick::core {
namespace {
constexpr size_t control_page_size = 4096;
static_assert(sizeof(ControlPage) <= control_page_size);
}  // namespace

std::unique_ptr<EngineCore> EngineCore::create(uint32_t shards, uint32_t packets, uint8_t* control,
                                               std::string& error) {
  std::unique_ptr<EngineCore> engine(new EngineCore());
  engine->pool_ = PacketPool::create(packets);
  if (!engine->pool_) {
    error = "no memory for " + std::to_string(packets) + " packets";
    return nullptr;
  }
  if (shards > 1) {
    engine->hand_over_ = std::make_unique<HandOver>(shards);
    engine->questions_ = std::make_unique<PeerQuestions>(shards);
  }
  for (uint32_t i = 0; i < shards; ++i) {
    auto* page = new (control + i * control_page_size) ControlPage();
    auto shard = Shard::create(i, shards, *engine->pool_, host_functions(), *page, error);
    if (!shard) return nullptr;
    shard->hand_over = engine->hand_over_.get();
    shard->questions = engine->questions_.get();
    if (engine->hand_over_) engine->hand_over_->add_peer(shard.get());
    if (engine->questions_) engine->questions_->add_peer(shard.get());
    engine->shards_.push_back(std::move(shard));
  }
  return engine;
}

bool EngineCore::try_configure(const std::vector<NodePlan>& plan, GraphError& error) {
  for (const NodePlan& p : plan) {
    NodeError failure;
    if (p.keep || Node::takes_arguments(p.spec, *shards_[0], failure)) continue;
    error = {p.spec.name, failure.message, failure.argument};
    return false;
  }
  return true;
}

std::unique_ptr<PreparedRevision> EngineCore::prepare(const std::vector<NodePlan>& plan,
                                                      const std::vector<EdgeSpec>& edges, GraphError& error) {
  auto revision = std::make_unique<PreparedRevision>();
  for (auto& shard : shards_) {
    auto graph = ShardGraph::build(*shard, plan, edges, shard->graph(), error);
    if (!graph) {
      discard();
      return nullptr;
    }
    revision->graphs.push_back(std::move(graph));
  }
  return revision;
}

bool EngineCore::settle(const PreparedRevision& revision) {
  for (const auto& graph : revision.graphs) {
    if (graph->draining()) return false;
  }
  for (size_t i = 0; i < shards_.size(); ++i) {
    shards_[i]->settle_sections(true);
    shards_[i]->settle_statics(true);
    revision.graphs[i]->forget_predecessors();
    shards_[i]->release_previous();
    shards_[i]->restored_statics.clear();
    shards_[i]->restored_tables.clear();
    shards_[i]->restored_parts.clear();
  }
  release_retired();
  return true;
}

void EngineCore::release_retired() {
  for (auto& shard : shards_) {
    if (!shard->known_graph()) continue;
    for (FlowTable* t : shard->known_graph()->tables()) t->take_retired();
  }
}

void EngineCore::discard() {
  for (auto& shard : shards_) {
    shard->settle_sections(false);
    shard->settle_statics(false);
  }
}

}  // namespace hotclick::core
