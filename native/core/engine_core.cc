#include "engine_core.hh"

#include <new>

#include "host.hh"

namespace hotclick::core {
namespace {
constexpr size_t control_page_size = 4096;
static_assert(sizeof(ControlPage) <= control_page_size);
}  // namespace

std::unique_ptr<EngineCore> EngineCore::create(uint32_t shards, uint32_t packets, uint8_t* control,
                                               std::unique_ptr<TransferImport> import, std::string& error) {
  std::unique_ptr<EngineCore> engine(new EngineCore());
  if (import && import->shards() != shards) {
    error = "HC_TRANSFER: the other engine has " + std::to_string(import->shards()) + " shards, this one " +
            std::to_string(shards);
    return nullptr;
  }
  engine->import_ = std::move(import);
  engine->board_ = Board::create(shards);
  if (engine->import_) {
    engine->pool_ = engine->import_->make_pool(error);
  } else {
    engine->pool_ = PacketPool::create(packets);
    if (!engine->pool_) error = "no memory for " + std::to_string(packets) + " packets";
  }
  if (!engine->pool_) return nullptr;
  if (!engine->board_.ok()) {
    error = "no memory for the board";
    return nullptr;
  }
  if (shards > 1) {
    engine->hand_over_ = std::make_unique<HandOver>(shards);
    engine->questions_ = std::make_unique<PeerQuestions>(shards);
  }
  for (uint32_t i = 0; i < shards; ++i) {
    auto* page = new (control + i * control_page_size) ControlPage();
    auto shard = Shard::create(i, shards, *engine->pool_, host_functions(), *page,
                               engine->import_ ? &engine->import_->shard(i) : nullptr, error);
    if (!shard) return nullptr;
    shard->installed_revision = &engine->board_.revision(i);
    shard->hand_over = engine->hand_over_.get();
    shard->questions = engine->questions_.get();
    if (engine->hand_over_) engine->hand_over_->add_peer(shard.get());
    if (engine->questions_) engine->questions_->add_peer(shard.get());
    engine->shards_.push_back(std::move(shard));
  }
  // Of a dead engine's memory nothing changes any more; a living one's is read when it stops.
  if (engine->import_ && engine->import_->crashed())
    engine->import_->read_final(*engine->pool_, *engine->shard(0).face());
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
  revision->number = ++last_revision_;
  for (auto& shard : shards_) {
    auto graph = ShardGraph::build(*shard, plan, edges, shard->graph(), error);
    if (!graph) {
      discard();
      return nullptr;
    }
    graph->revision = revision->number;
    revision->graphs.push_back(std::move(graph));
  }
  last_prepared_.assign(revision->graphs.begin(), revision->graphs.end());
  regions_changed_ = true;
  return revision;
}

void EngineCore::begin_watch(uint64_t loop_limit) {
  if (watch_) return;
  std::vector<Shard*> shards;
  for (const auto& shard : shards_) shards.push_back(shard.get());
  watch_ = std::make_unique<FaultWatch>(std::move(shards), loop_limit);
}

bool EngineCore::abandon(const PreparedRevision& revision) {
  for (const auto& shard : shards_) {
    if (!shard->graph() || shard->graph()->draining()) return false;
    for (const FlowTable* t : shard->graph()->tables()) {
      if (t->converting()) return false;
    }
    if (shard->graph()->versions().returning()) return false;
  }
  for (const auto& shard : shards_) shard->graph()->versions().forget_returned();
  watch_.reset();
  for (size_t i = 0; i < shards_.size(); ++i) {
    shards_[i]->guard().end();
    shards_[i]->settle_sections(false);
    revision.graphs[i]->forget_predecessors();
    shards_[i]->release_previous();
  }
  release_retired();
  return true;
}

bool EngineCore::settle(const PreparedRevision& revision) {
  for (const auto& graph : revision.graphs) {
    if (graph->draining()) return false;
  }
  watch_.reset();
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
  // What the engine has taken over and no element has asked for goes.
  for (auto& shard : shards_) {
    shard->imported = nullptr;
    shard->share_devices(false);
  }
  import_.reset();
  regions_changed_ = true;
  return true;
}

bool EngineCore::take_region_change() {
  bool changed = std::exchange(regions_changed_, false);
  for (auto& shard : shards_) changed |= shard->files_changed.exchange(false, std::memory_order_relaxed);
  return changed;
}

void EngineCore::release_retired() {
  for (auto& shard : shards_) {
    if (!shard->known_graph()) continue;
    for (FlowTable* t : shard->known_graph()->tables()) regions_changed_ |= t->take_retired().first.ok();
  }
}

void EngineCore::discard() {
  for (auto& shard : shards_) {
    shard->settle_sections(false);
    shard->settle_statics(false);
  }
  regions_changed_ = true;
}

}  // namespace hotclick::core
