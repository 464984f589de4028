#include "expression.hh"

namespace hotclick::core {

Expressions::Expressions() {
  add(Kind::never, 0, 0);
  add(Kind::always, 0, 0);
}

NodeId Expressions::add(Kind kind, uint32_t first, uint32_t count) {
  nodes_.push_back({kind, first, count});
  return static_cast<NodeId>(nodes_.size() - 1);
}

NodeId Expressions::test(const Test& test) {
  if (test.mask == 0) return (test.low == 0) != test.negated ? always : never;
  // No frame reaches that far, so the byte is always missing.
  if (test.bytes_needed() > HC_BUFFER_SIZE) return never;
  const auto [at, is_new] = test_numbers_.try_emplace(test, static_cast<uint32_t>(tests_.size()));
  if (is_new) {
    tests_.push_back(test);
    test_nodes_.push_back(add(Kind::test, at->second, 0));
  }
  return test_nodes_[at->second];
}

NodeId Expressions::negation(NodeId node) {
  if (node == never) return always;
  if (node == always) return never;
  if (kind(node) == Kind::negation) return operand(node);
  return add(Kind::negation, node, 1);
}

NodeId Expressions::list(Kind kind, const std::vector<NodeId>& children) {
  const NodeId neutral = kind == Kind::all ? always : never;
  const NodeId decisive = kind == Kind::all ? never : always;
  std::vector<NodeId> flat;
  for (NodeId node : children) {
    if (node == decisive) return decisive;
    if (node == neutral) continue;
    if (nodes_[node].kind == kind) {
      for (uint32_t i = 0; i < child_count(node); ++i) flat.push_back(child(node, i));
    } else {
      flat.push_back(node);
    }
  }
  if (flat.empty()) return neutral;
  if (flat.size() == 1) return flat[0];
  const uint32_t first = static_cast<uint32_t>(children_.size());
  children_.insert(children_.end(), flat.begin(), flat.end());
  return add(kind, first, static_cast<uint32_t>(flat.size()));
}

NodeId Expressions::all(const std::vector<NodeId>& children) {
  return list(Kind::all, children);
}
NodeId Expressions::any(const std::vector<NodeId>& children) {
  return list(Kind::any, children);
}

NodeId Expressions::choice(NodeId condition, NodeId yes, NodeId no) {
  return any({all({condition, yes}), all({negation(condition), no})});
}

std::vector<uint32_t> Expressions::tests_below(const std::vector<NodeId>& roots) const {
  std::vector<bool> reached(nodes_.size()), used(tests_.size());
  for (NodeId root : roots) reached[root] = true;
  for (NodeId node = node_count(); node-- > 0;) {
    if (!reached[node]) continue;
    if (kind(node) == Kind::test) used[test_of(node)] = true;
    if (kind(node) == Kind::negation) reached[operand(node)] = true;
    if (kind(node) != Kind::all && kind(node) != Kind::any) continue;
    for (uint32_t i = 0; i < child_count(node); ++i) reached[child(node, i)] = true;
  }
  std::vector<uint32_t> tests;
  for (uint32_t i = 0; i < used.size(); ++i) {
    if (used[i]) tests.push_back(i);
  }
  return tests;
}

}  // namespace hotclick::core
