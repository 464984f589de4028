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
  for (const NodePlan& p : plan) {
    std::shared_ptr<Node> old;
    if (running && !p.predecessor.empty()) {
      for (const auto& n : running->nodes_) {
        if (n->name == p.predecessor) old = n;
      }
    }
    std::shared_ptr<Node> node;
    if (old && p.keep) {
      node = old;
    } else {
      NodeError failure;
      node = Node::create(p.spec, shard, old, failure);
      if (!node) {
        error = {p.spec.name, failure.message, failure.argument};
        return nullptr;
      }
    }
    if (old) graph->successor_[old->graph_index] = node.get();
    graph->predecessor_.push_back(old.get());
    graph->nodes_.push_back(std::move(node));
  }

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
      push_[push_at_[e.from] + e.from_port] = {to.descriptor->push, to.instance.object, e.to_port, 0};
      push_target_[push_at_[e.from] + e.from_port] = &to;
      pull_[pull_at_[e.to] + e.to_port].pull = nullptr;  // says that it is pushed to
    } else {
      pull_[pull_at_[e.to] + e.to_port] = {from.descriptor->pull, from.instance.object, e.from_port, 0};
      pull_source_[pull_at_[e.to] + e.to_port] = &from;
      push_[push_at_[e.from] + e.from_port].push = nullptr;  // says that it is pulled from
    }
  }
}

HC_SWAP_CODE void ShardGraph::install(ShardGraph* running, bool watched) {
  if (running) running->use_edges(nullptr, nullptr);
  for (uint32_t i = 0; i < nodes_.size(); ++i) {
    Node& n = *nodes_[i];
    n.graph_index = i;
    if (!n.installed) n.adopt_state(watched);
  }
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
}

Node* ShardGraph::find(std::string_view name) const {
  for (const auto& n : nodes_) {
    if (n->name == name) return n.get();
  }
  return nullptr;
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
