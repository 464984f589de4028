#include "warm_up.hh"

#include <cstdint>

#include "shard_graph.hh"
#include "swap_code.hh"

namespace hotclick::core {
namespace {

constexpr size_t line = 64;
constexpr size_t words_a_round = 4;
constexpr size_t code_lines_a_round = 16;
/// Lines behind an address that may be a place in code.
constexpr size_t lines_of_word = 2;
constexpr size_t lines_of_code = 4;
constexpr size_t most_lines_of_object = 16;

/// An address that is not mapped, or none at all, does no harm.
void fetch(const void* from, size_t lines) {
  const auto address = reinterpret_cast<uintptr_t>(from);
  for (size_t i = 0; i < lines; ++i) __builtin_prefetch(reinterpret_cast<const char*>(address + i * line));
}

void prefetch_own(const char* at) {
#ifdef __x86_64__
  // gcc makes it of __builtin_prefetch(at, 1) only for processors that are named. Where a processor has it not, it does
  // nothing, so the line is at least read.
  __builtin_prefetch(at);
  asm volatile("prefetchw (%0)" : : "r"(at));
#else
  __builtin_prefetch(at, 1);
#endif
}

/// What the swap writes. The host's thread has written it last, and to take a line away from another processor takes as
/// long as to read it from memory: these were three quarters of a break.
void fetch_own(const void* from, size_t lines) {
  const auto address = reinterpret_cast<uintptr_t>(from);
  for (size_t i = 0; i < lines; ++i) prefetch_own(reinterpret_cast<const char*>(address + i * line));
}

template <typename Function>
void fetch_code(Function* function) {
  if (function) fetch(reinterpret_cast<const void*>(function), lines_of_code);
}

void fetch_node(const ShardGraph& graph, size_t index) {
  const Node& node = *graph.nodes()[index];
  fetch(node.descriptor, sizeof(hc_descriptor) / line + 1);
  const size_t object_lines = node.descriptor->object_size / line + 1;
  fetch_own(node.instance.object, object_lines < most_lines_of_object ? object_lines : most_lines_of_object);
  node.each_adopted([](const void* memory, size_t bytes) { fetch_own(memory, bytes / line + 1); });
  const auto at = static_cast<uint32_t>(index);
  fetch(graph.push_edges().data() + graph.push_begin(at), 1);
  fetch(graph.pull_edges().data() + graph.pull_begin(at), 1);
  fetch_code(node.descriptor->push);
  fetch_code(node.descriptor->pull);
  fetch_code(node.descriptor->run);
  fetch_code(node.descriptor->start);
}

void fetch_graphs(const ShardGraph& next, const ShardGraph* running) {
  const auto fetch_all = [](const void* memory, size_t bytes) { fetch_own(memory, bytes / line + 1); };
  next.each_array(fetch_all);
  if (running) running->each_array(fetch_all);
}

}  // namespace

bool WarmUp::step(const ShardGraph& next, const ShardGraph* running, std::span<const void* const> way_out) {
  if (code_ < swap_code().size()) {
    fetch(swap_code().data() + code_, code_lines_a_round);
    code_ += code_lines_a_round * line;
    return true;
  }
  if (node_ < next.nodes().size()) {
    if (node_ == 0) fetch_graphs(next, running);
    fetch_node(next, node_++);
    return true;
  }
  const size_t words = way_out.size() - word_ < words_a_round ? way_out.size() - word_ : words_a_round;
  for (const void* word : way_out.subspan(word_, words)) fetch(word, lines_of_word);
  word_ += words;
  return words != 0;
}

}  // namespace hotclick::core
