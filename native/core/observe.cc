#include "observe.hh"

#include <algorithm>

#include "shard.hh"

namespace hotclick::core {

Instrumentation::Instrumentation(std::shared_ptr<ShardGraph> graph,
                                 std::vector<std::shared_ptr<Observer>> observers)
    : graph_(std::move(graph)),
      observers_(std::move(observers)),
      push_(graph_->push_edges()),
      pull_(graph_->pull_edges()) {
  for (uint32_t i = 0; i < graph_->nodes().size(); ++i) probe_node(*graph_->nodes()[i], i);
}

void Instrumentation::probe_node(const Node& node, uint32_t index) {
  auto add = [this](const Node& from, uint32_t from_port, const Node* to, uint32_t to_port) -> Probe* {
    auto probe = std::make_unique<Probe>();
    for (const auto& o : observers_) {
      if (o->watches(from, from_port, to, to_port)) probe->observers.push_back(o.get());
    }
    if (probe->observers.empty()) return nullptr;
    probe->owner = this;
    probe->from = &from;
    probe->from_port = from_port;
    probe->to = to;
    probes_.push_back(std::move(probe));
    return probes_.back().get();
  };
  for (uint32_t port = 0; port < node.instance.noutputs; ++port) {
    hc_push_edge& edge = push_[graph_->push_begin(index) + port];
    const Node* to = graph_->push_target(graph_->push_begin(index) + port);
    if (!to) continue;
    Probe* probe = add(node, port, to, edge.port);
    if (!probe) continue;
    probe->push = edge;
    edge = {push_through, probe, edge.port, 0};
  }
  for (uint32_t port = 0; port < node.instance.ninputs; ++port) {
    hc_pull_edge& edge = pull_[graph_->pull_begin(index) + port];
    const Node* from = graph_->pull_source(graph_->pull_begin(index) + port);
    if (!from) continue;
    Probe* probe = add(*from, edge.port, &node, port);
    if (!probe) continue;
    probe->pull = edge;
    edge = {pull_through, probe, port, 0};
  }
}

void Instrumentation::push_through(void* object, uint32_t port, hc_batch* batch) {
  auto* p = static_cast<Probe*>(object);
  p->packets += batch->count;
  const Passage passage{*p->from, p->from_port, p->to, port, false, 0};
  for (Observer* o : p->observers) o->see(passage, batch->packets, batch->count);
  p->push.push(p->push.object, p->push.port, batch);
}

uint32_t Instrumentation::pull_through(void* object, uint32_t port, hc_batch* batch, uint32_t max) {
  auto* p = static_cast<Probe*>(object);
  const uint32_t before = batch->count;
  const uint32_t n = p->pull.pull(p->pull.object, p->pull.port, batch, max);
  p->packets += n;
  const Passage passage{*p->from, p->from_port, p->to, port, true, max};
  for (Observer* o : p->observers) o->see(passage, batch->packets + before, n);
  return n;
}

std::vector<Instrumentation::EdgeCount> Instrumentation::counts() const {
  std::vector<EdgeCount> list;
  for (const auto& p : probes_) {
    list.push_back({p->from, p->to, p->from_port, __atomic_load_n(&p->packets, __ATOMIC_RELAXED)});
  }
  return list;
}

void Instrumentation::apply(Shard& shard, bool on) {
  graph_->use_edges(on ? push_.data() : nullptr, on ? pull_.data() : nullptr);
  const auto drops = [](const std::shared_ptr<Observer>& o) { return o->watches_drops(); };
  shard.face()->tracing = on && std::any_of(observers_.begin(), observers_.end(), drops) ? 1 : 0;
  shard.instrumentation = on ? this : nullptr;
}

bool ObserveCommand::step(Shard& shard) {
  if (shard.instrumentation) shard.instrumentation->apply(shard, false);
  if (next_ && next_->graph() == shard.graph()) next_->apply(shard, true);
  return true;
}

}  // namespace hotclick::core
