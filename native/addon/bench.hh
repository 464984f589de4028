/// One element on a bench: an engine of one shard that nobody runs, packets in and out by hand. What ElementHarness
/// and Replay have in common.
#pragma once
#include <napi.h>

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "../core/engine_core.hh"

namespace hotclick::addon {

class Bench {
 public:
  Bench() = default;
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;

  /// Makes the element of a spec (engine/datapath/addon.ts: HarnessSpec). False when an error was thrown.
  bool open(Napi::Env env, const Napi::Object& spec);
  /// Puts another version in its place, as an upgrade does; `new_flows_only`: beside it. False when an error was thrown.
  bool upgrade(Napi::Env env, const Napi::Object& spec, bool new_flows_only);
  /// Removes older versions that have no records, as the engine does; how many are left.
  size_t retire(Napi::Env env);
  void close() { engine_.reset(); }

  core::Shard& shard() { return engine_->shard(0); }
  core::Node& element() { return *shard().graph()->nodes()[0]; }
  core::EngineCore& engine() { return *engine_; }
  /// Packets that have left by each output, and that wait at each pull input.
  std::vector<std::deque<hc_packet*>>& out() { return out_; }
  std::vector<std::deque<hc_packet*>>& in() { return in_; }
  /// Back to the bench's own edges, after something has put the graph's in place.
  void use_own_edges();

 private:
  static void capture(void* object, uint32_t port, hc_batch* batch);
  static uint32_t feed(void* object, uint32_t port, hc_batch* batch, uint32_t max);
  void be_shard(const Napi::Object& spec);
  bool restore(Napi::Env env, const Napi::Object& spec);
  bool read_spec(Napi::Env env, const Napi::Object& spec);
  void keep_older(bool moves);
  bool install(Napi::Env env);

  std::unique_ptr<uint8_t[]> control_;
  std::unique_ptr<core::EngineCore> engine_;
  core::NodePlan newest_;
  std::vector<core::NodePlan> older_;  // versions that run beside it
  uint32_t upgrades_ = 0;
  std::vector<std::deque<hc_packet*>> out_, in_;
  std::vector<hc_push_edge> push_edges_;
  std::vector<hc_pull_edge> pull_edges_;
};

}  // namespace hotclick::addon
