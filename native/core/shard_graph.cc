#include "shard_graph.hh"

#include <algorithm>
#include <hotclick/batch.hpp>

#include "shard.hh"
#include "swap_code.hh"

namespace hotclick::core {
namespace {

/// Where an unconnected output leads.
void push_nowhere(void* object, uint32_t, hc_batch* batch) {
  auto* node = static_cast<Node*>(object);
  node->unconnected() += batch->count;
  release_packets(node->instance.shard, batch->packets, batch->count);
  batch->count = 0;
}
uint32_t pull_nothing(void*, uint32_t, hc_batch*, uint32_t) {
  return 0;
}

}  // namespace

std::shared_ptr<ShardGraph> ShardGraph::build(Shard& shard, const std::vector<NodePlan>& plan,
                                              const std::vector<EdgeSpec>& edges,
                                              const std::shared_ptr<ShardGraph>& running, GraphError& error) {
  auto graph = std::make_shared<ShardGraph>();
  if (running) graph->successor_.resize(running->nodes_.size());
  if (running) graph->stays_.resize(running->nodes_.size());
  for (const NodePlan& p : plan) {
    if (!graph->add_node(shard, p, running.get(), error)) return nullptr;
  }
  for (const NodePlan& p : plan) {
    if (!p.newest.empty() && !graph->add_older(p, running.get(), error)) return nullptr;
  }
  if (running) graph->end_older(*running);

  for (const NodePlan& p : plan) {
    graph->push_at_.push_back(static_cast<uint32_t>(graph->push_.size()));
    graph->pull_at_.push_back(static_cast<uint32_t>(graph->pull_.size()));
    graph->push_.resize(graph->push_.size() + p.spec.outputs);
    graph->pull_.resize(graph->pull_.size() + p.spec.inputs);
  }
  graph->link(edges);
  for (uint32_t i = 0; i < graph->nodes_.size(); ++i) {
    Node& n = *graph->nodes_[i];
    if (n.descriptor->run) graph->tasks_.push_back(&n);
    for (StateBinding& b : n.states) {
      if (b.table) graph->tables_.push_back(b.table.get());
    }
    bool device = false;
    for (hc_device* d : n.devices) {
      if (d->fd < 0) continue;
      graph->poll_fds_.push_back({d->fd, POLLIN, 0});
      device = true;
    }
    if (n.descriptor->run && !device) graph->other_tasks_ = true;
  }
  const size_t before = running ? running->nodes_.size() + running->draining_.size() : 0;
  graph->tasks_.reserve(graph->tasks_.size() + before);
  graph->draining_.reserve(before);
  if (running) {
    graph->spare_tasks_.reserve(running->nodes_.size() + graph->nodes_.size());
    graph->spare_draining_.reserve(graph->nodes_.size());
  }
  return graph;
}

bool ShardGraph::add_node(Shard& shard, const NodePlan& p, ShardGraph* running, GraphError& error) {
  std::shared_ptr<Node> old;
  for (size_t i = 0; running && !p.predecessor.empty() && i < running->nodes_.size(); ++i) {
    if (running->names_[i] == p.predecessor) old = running->nodes_[i];
  }
  std::shared_ptr<Node> node = old;
  if (!old || !p.keep) {
    NodeError failure;
    node = Node::create(p.spec, shard, old, p.fresh ? Inherit::settings : Inherit::state, failure);
    if (!node) {
      error = {p.spec.name, failure.message, failure.argument};
      return false;
    }
  }
  if (old) {
    if (p.newest.empty()) successor_[old->graph_index] = node.get();
    if (node == old) stays_[old->graph_index] = true;
  }
  predecessor_.push_back(old.get());
  stayed_.push_back(node == old);
  nodes_.push_back(std::move(node));
  names_.push_back(p.spec.name);
  newest_.push_back(nullptr);
  return true;
}

bool ShardGraph::add_older(const NodePlan& p, ShardGraph* running, GraphError& error) {
  const auto at = static_cast<size_t>(std::find(names_.begin(), names_.end(), p.spec.name) - names_.begin());
  newest_[at] = find(p.newest);
  const bool begins = running && !running->find(p.spec.name);
  std::string why;
  if (versions_.add(*nodes_[at], *newest_[at], p.moves, begins, why)) return true;
  error = {p.newest, why, UINT32_MAX};
  return false;
}

/// What older versions have counted goes to the newest when they are no more in the graph.
void ShardGraph::end_older(ShardGraph& running) {
  for (size_t i = 0; i < running.nodes_.size(); ++i) {
    if (!running.newest_[i] || stays_[i]) continue;
    Node* newest = successor_[running.newest_[i]->graph_index];
    if (newest) versions_.end(*running.nodes_[i], *newest);
  }
}

void ShardGraph::link(const std::vector<EdgeSpec>& edges) {
  push_target_.resize(push_.size());
  pull_source_.resize(pull_.size());
  drain_pulls_.resize(pull_.size());
  for (uint32_t i = 0; i < nodes_.size(); ++i) {
    const uint32_t push_end = i + 1 < nodes_.size() ? push_at_[i + 1] : static_cast<uint32_t>(push_.size());
    const uint32_t pull_end = i + 1 < nodes_.size() ? pull_at_[i + 1] : static_cast<uint32_t>(pull_.size());
    for (uint32_t k = push_at_[i]; k < push_end; ++k) push_[k] = {push_nowhere, nodes_[i].get(), 0, 0};
    for (uint32_t k = pull_at_[i]; k < pull_end; ++k) pull_[k] = {pull_nothing, nullptr, 0, 0};
  }
  for (const EdgeSpec& e : edges) {
    Node& from = *nodes_[e.from];
    Node& to = *nodes_[e.to];
    if (e.push) {
      push_[push_at_[e.from] + e.from_port] = versions_.entry(to, e.to_port);
      push_target_[push_at_[e.from] + e.from_port] = &to;
      pull_[pull_at_[e.to] + e.to_port].pull = nullptr;  // says that it is pushed to
    } else {
      pull_[pull_at_[e.to] + e.to_port] = {from.descriptor->pull, from.instance.object, e.from_port, 0};
      pull_source_[pull_at_[e.to] + e.to_port] = &from;
      push_[push_at_[e.from] + e.from_port].push = nullptr;  // says that it is pulled from
    }
  }
  for (uint32_t i = 0; i < nodes_.size(); ++i) {  // packets come to older versions through the newest's edges
    for (uint32_t k = 0; newest_[i] && k < nodes_[i]->instance.ninputs; ++k)
      pull_[pull_at_[i] + k].pull = nullptr;
  }
}

HC_SWAP_CODE void ShardGraph::install(ShardGraph* running, bool watched) {
  for (uint32_t i = 0; i < nodes_.size(); ++i) {
    Node& n = *nodes_[i];
    n.graph_index = i;
    if (!n.installed) n.adopt_state(watched);
  }
  versions_.install(running ? &running->versions_ : nullptr, tables_);
  if (running) start_draining(*running);
  for (uint32_t i = 0; i < nodes_.size(); ++i) {
    Node& n = *nodes_[i];
    n.instance.outputs = push_.data() + push_at_[i];
    n.instance.inputs = pull_.data() + pull_at_[i];
    if (!n.installed && n.descriptor->start) n.descriptor->start(n.instance.object, n.adopted ? 1 : 0);
    n.installed = true;
  }
}

void ShardGraph::forget_predecessors() {
  for (auto& n : nodes_) n->forget_predecessor();
  successor_.clear();
  stays_.clear();
}

Node* ShardGraph::find(std::string_view name) const {
  const auto at = std::find(names_.begin(), names_.end(), name);
  return at == names_.end() ? nullptr : nodes_[static_cast<size_t>(at - names_.begin())].get();
}

const Node* ShardGraph::find_code(uintptr_t address) const {
  for (const auto& n : nodes_) {
    if (n->library().has_code(address)) return n.get();
  }
  return nullptr;
}

HC_SWAP_CODE void ShardGraph::use_edges(const hc_push_edge* push, const hc_pull_edge* pull) {
  for (uint32_t i = 0; i < nodes_.size(); ++i) {
    nodes_[i]->instance.outputs = (push ? push : push_.data()) + push_at_[i];
    nodes_[i]->instance.inputs = (pull ? pull : pull_.data()) + pull_at_[i];
  }
}

}  // namespace hotclick::core
