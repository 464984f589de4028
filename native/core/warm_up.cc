#include "warm_up.hh"

#include <cstdint>

#include "shard_graph.hh"

namespace hotclick::core {
namespace {

constexpr size_t line = 64;
constexpr size_t words_a_round = 4;
/// Lines behind an address that may be a place in code.
constexpr size_t lines_of_word = 2;
constexpr size_t lines_of_code = 4;
constexpr size_t most_lines_of_object = 16;

/// An address that is not mapped, or none at all, does no harm.
void fetch(const void* from, size_t lines) {
  const auto address = reinterpret_cast<uintptr_t>(from);
  for (size_t i = 0; i < lines; ++i) __builtin_prefetch(reinterpret_cast<const char*>(address + i * line));
}

template <typename Function>
void fetch_code(Function* function) {
  if (function) fetch(reinterpret_cast<const void*>(function), lines_of_code);
}

void fetch_node(const ShardGraph& graph, size_t index) {
  const Node& node = *graph.nodes()[index];
  fetch(&node, sizeof(Node) / line + 1);
  fetch(node.descriptor, sizeof(hc_descriptor) / line + 1);
  const size_t object_lines = node.descriptor->object_size / line + 1;
  fetch(node.instance.object, object_lines < most_lines_of_object ? object_lines : most_lines_of_object);
  node.each_adopted([](const void* memory, size_t bytes) { fetch(memory, bytes / line + 1); });
  const auto at = static_cast<uint32_t>(index);
  fetch(graph.push_edges().data() + graph.push_begin(at), 1);
  fetch(graph.pull_edges().data() + graph.pull_begin(at), 1);
  fetch_code(node.descriptor->push);
  fetch_code(node.descriptor->pull);
  fetch_code(node.descriptor->run);
  fetch_code(node.descriptor->start);
}

}  // namespace

bool WarmUp::step(const ShardGraph& next, std::span<const void* const> way_out) {
  if (node_ < next.nodes().size()) {
    fetch_node(next, node_++);
    return true;
  }
  const size_t words = way_out.size() - word_ < words_a_round ? way_out.size() - word_ : words_a_round;
  for (const void* word : way_out.subspan(word_, words)) fetch(word, lines_of_word);
  word_ += words;
  return words != 0;
}

}  // namespace hotclick::core
