#include "fault_report.hh"

#include <dlfcn.h>

#include <cinttypes>
#include <cstdio>
#include <cstring>

#include "elf_check.hh"
#include "fault_signals.hh"
#include "shard_graph.hh"

namespace hotclick::core {
namespace {

std::string hexadecimal(uintptr_t value) {
  char text[24];
  snprintf(text, sizeof(text), "0x%" PRIxPTR, value);
  return text;
}

std::string describe_frame(uintptr_t pc, const ShardGraph& graph) {
  if (const Node* node = graph.find_code(pc)) {
    std::string name = node->library().function_at(pc);
    return (name.empty() ? hexadecimal(pc) : name) + " in " + node->class_name + " " + node->version;
  }
  Dl_info info;
  if (dladdr(reinterpret_cast<void*>(pc), &info) == 0 || !info.dli_fname) return hexadecimal(pc);
  const char* slash = strrchr(info.dli_fname, '/');
  const std::string file = slash ? slash + 1 : info.dli_fname;
  if (!info.dli_sname) return hexadecimal(pc - reinterpret_cast<uintptr_t>(info.dli_fbase)) + " in " + file;
  return demangle(info.dli_sname) + "+" + hexadecimal(pc - reinterpret_cast<uintptr_t>(info.dli_saddr)) +
         " in " + file;
}

/// The frames from the function that crashed outwards, without those of the handler in front of it.
std::vector<uintptr_t> frames_of(const FaultEvidence& e, const ShardGraph& graph) {
  std::vector<uintptr_t> frames{e.pc};
  uint32_t i = 0;
  while (i < e.frames && reinterpret_cast<uintptr_t>(e.frame_addresses[i]) != e.pc) ++i;
  // What the unwinder gives are return addresses: the call is the instruction before.
  for (++i; i < e.frames; ++i) frames.push_back(reinterpret_cast<uintptr_t>(e.frame_addresses[i]) - 1);
  if (frames.size() > 1 || graph.find_code(e.pc)) return frames;
  // It called into the void: the stack still says from where.
  for (uint32_t w = 0; w < e.words; ++w) {
    if (graph.find_code(e.stack[w] - 1)) frames.push_back(e.stack[w] - 1);
  }
  return frames;
}

/// Of the elements with that library the one whose object the code had in its hands.
const Node* find_element(const FaultEvidence& e, const ShardGraph& graph, const Library& library) {
  const Node* only = nullptr;
  uint32_t count = 0;
  for (const auto& n : graph.nodes()) {
    if (&n->library() != &library) continue;
    only = n.get();
    ++count;
  }
  if (count == 1) return only;
  auto held = [&](uintptr_t word) -> const Node* {
    for (const auto& n : graph.nodes()) {
      const auto object = reinterpret_cast<uintptr_t>(n->instance.object);
      if (&n->library() == &library && word - object < n->descriptor->object_size) return n.get();
    }
    return nullptr;
  };
  for (uint32_t i = 0; i < e.registers; ++i) {
    if (const Node* n = held(e.register_values[i])) return n;
  }
  for (uint32_t i = 0; i < e.words; ++i) {
    if (const Node* n = held(e.stack[i])) return n;
  }
  return nullptr;
}

}  // namespace

FaultReport report_fault(const FaultEvidence& e, const ShardGraph& graph, const ShardGraph& older,
                         uint32_t shard) {
  FaultReport report;
  report.shard = shard;
  report.signal = e.signal == 0 ? "" : signal_name(e.signal);
  report.address = e.address;
  report.recovery_ns = e.back_at > e.at ? e.back_at - e.at : 0;
  report.packet_length = e.packet_length;
  report.packet_head.assign(e.packet_head, e.packet_head + e.packet_bytes);
  const Node* code = nullptr;
  for (const uintptr_t pc : frames_of(e, graph)) {
    report.backtrace.push_back(describe_frame(pc, graph));
    if (!code) code = graph.find_code(pc);
  }
  if (!code) return report;
  report.class_name = code->class_name;
  report.version = code->version;
  if (const Node* element = find_element(e, graph, code->library())) report.element = element->name;
  const bool runs_on = older.find_code(code->library().code_begin()) != nullptr;
  for (const auto& n : graph.nodes()) {
    if (!runs_on && &n->library() == &code->library()) n->condemn();
  }
  return report;
}

}  // namespace hotclick::core
