#include "bench.hh"

#include "../core/swap.hh"
#include "restore_state.hh"
#include "statics_values.hh"
#include "throw.hh"

namespace hotclick::addon {
using namespace core;

namespace {
uint32_t count(const Napi::Object& spec, const char* name) {
  return spec.Get(name).As<Napi::Number>().Uint32Value();
}
uint64_t wide(const Napi::Value& value) {
  bool lossless;
  return value.IsBigInt() ? value.As<Napi::BigInt>().Uint64Value(&lossless) : 0;
}
}  // namespace

bool Bench::open(Napi::Env env, const Napi::Object& spec) {
  control_ = std::make_unique<uint8_t[]>(8192);
  auto* page =
      reinterpret_cast<uint8_t*>((reinterpret_cast<uintptr_t>(control_.get()) + 4095) & ~uintptr_t{4095});
  std::string error;
  engine_ = EngineCore::create(1, 4096, page, nullptr, error);
  if (!engine_) {
    throw_error(env, "HC_INTERNAL", error);
    return false;
  }
  shard().idle_devices = spec.Get("idleDevices").ToBoolean();
  if (spec.Get("shard").IsObject()) be_shard(spec.Get("shard").As<Napi::Object>());
  return restore(env, spec) && read_spec(env, spec) && install(env);
}

/// Looks like a shard of another engine to the element: { index, count, now, wallOffset, random }.
void Bench::be_shard(const Napi::Object& as) {
  hc_shard& face = *shard().face();
  face.index = count(as, "index");
  face.count = count(as, "count");
  face.random = wide(as.Get("random"));
  face.wall_offset = wide(as.Get("wallOffset"));
  shard().set_clock(wide(as.Get("now")));
}

/// spec.statics: [name, schema, bytes][]; spec.tables: [name, key schema, value schema, page numbers, pages][]. A
/// name is 'element/STATE', or 'CLASS/STATE' for a section.
bool Bench::restore(Napi::Env env, const Napi::Object& spec) {
  const auto each = [&](const char* list, const auto& take) {
    if (!spec.Get(list).IsArray()) return true;
    const auto states = spec.Get(list).As<Napi::Array>();
    for (uint32_t i = 0; i < states.Length(); ++i) {
      const auto state = states.Get(i).As<Napi::Array>();
      std::string error = "a value does not fit its schema";
      const std::string name = state.Get(0u).As<Napi::String>();
      if (take(name, state, error)) continue;
      throw_error(env, "HC_ARGUMENT", name + ": " + error);
      return false;
    }
    return true;
  };
  return each("statics",
              [&](const std::string& name, const Napi::Array& s, std::string&) {
                return restore_static(shard(), name, s.Get(1u).As<Napi::Object>(),
                                      s.Get(2u).As<Napi::Uint8Array>());
              }) &&
         each("tables", [&](const std::string& name, const Napi::Array& s, std::string& error) {
           const TableParts parts{s.Get(1u).As<Napi::Object>(), s.Get(2u).As<Napi::Object>(),
                                  s.Get(3u).As<Napi::Uint32Array>(), s.Get(4u).As<Napi::Array>()};
           return restore_table(shard(), name, parts, error);
         });
}

bool Bench::upgrade(Napi::Env env, const Napi::Object& spec, bool new_flows_only) {
  NodePlan before = newest_;
  if (!read_spec(env, spec)) return false;
  newest_.predecessor = newest_.spec.name;
  newest_.fresh = new_flows_only;
  keep_older(!new_flows_only);
  if (new_flows_only) {
    before.predecessor = before.newest = newest_.spec.name;
    before.spec.name += '~' + std::to_string(++upgrades_);
    before.keep = true;
    before.fresh = false;
    older_.push_back(std::move(before));
  }
  return install(env);
}

void Bench::keep_older(bool moves) {
  for (NodePlan& p : older_) {
    p.predecessor = p.spec.name;
    p.moves |= moves;
  }
}

size_t Bench::retire(Napi::Env env) {
  std::erase_if(older_, [this](const NodePlan& p) {
    for (const StateBinding& b : shard().graph()->find(p.spec.name)->states) {
      if (b.table && b.table->live != 0) return false;
    }
    return true;
  });
  newest_.predecessor = newest_.spec.name;
  newest_.keep = true;
  newest_.fresh = false;
  keep_older(false);
  install(env);
  return older_.size();
}

bool Bench::read_spec(Napi::Env env, const Napi::Object& spec) {
  std::string error;
  NodePlan plan;
  plan.spec.name = "element";
  plan.spec.class_name = spec.Get("className").As<Napi::String>();
  plan.spec.inputs = count(spec, "inputs");
  plan.spec.outputs = count(spec, "outputs");
  const auto args = spec.Get("args").As<Napi::Array>();
  for (uint32_t i = 0; i < args.Length(); ++i) plan.spec.arguments.push_back(args.Get(i).As<Napi::String>());
  plan.spec.version = ElementVersion::load(spec.Get("library").As<Napi::String>(), 1, error,
                                           statics_from_js(spec.Get("staticsMode")));
  if (!plan.spec.version) {
    throw_prefixed(env, "HC_LIBRARY", error);
    return false;
  }
  newest_ = std::move(plan);
  return true;
}

bool Bench::install(Napi::Env env) {
  std::vector<NodePlan> plan{newest_};
  plan.insert(plan.end(), older_.begin(), older_.end());
  GraphError failure;
  auto revision = engine_->prepare(plan, {}, failure);
  if (!revision) {
    throw_prefixed(env, "HC_CONFIGURE_FAILED", failure.message);
    return false;
  }
  // State that was given is that of a predecessor, not of a store after a crash.
  if (!shard().restored_statics.empty() || !shard().restored_tables.empty())
    revision->graphs[0]->nodes()[0]->adopted = true;
  SwapCommand swap(revision->graphs[0], SwapCommand::Strategy::swap);
  shard().post(swap);
  shard().run_commands_here();
  while (shard().take_finished()) {
  }
  if (out_.size() < newest_.spec.outputs) out_.resize(newest_.spec.outputs);
  if (in_.size() < newest_.spec.inputs) in_.resize(newest_.spec.inputs);
  use_own_edges();
  return engine_->settle(*revision);
}

void Bench::use_own_edges() {
  push_edges_.clear();
  pull_edges_.clear();
  for (uint32_t i = 0; i < out_.size(); ++i) push_edges_.push_back({capture, this, i, 0});
  for (uint32_t i = 0; i < in_.size(); ++i) pull_edges_.push_back({feed, this, i, 0});
  // So that pointers past the end of an empty list stay out of the way.
  push_edges_.push_back({});
  pull_edges_.push_back({});
  for (const auto& node : shard().graph()->nodes()) {
    node->instance.outputs = push_edges_.data();
    node->instance.inputs = pull_edges_.data();
  }
}

void Bench::capture(void* object, uint32_t port, hc_batch* batch) {
  auto* b = static_cast<Bench*>(object);
  for (uint32_t i = 0; i < batch->count; ++i) b->out_[port].push_back(batch->packets[i]);
  batch->count = 0;
}

uint32_t Bench::feed(void* object, uint32_t port, hc_batch* batch, uint32_t max) {
  auto& waiting = static_cast<Bench*>(object)->in_[port];
  uint32_t n = 0;
  for (; n < max && !waiting.empty() && batch->count < HC_BATCH_CAPACITY; ++n) {
    batch->packets[batch->count++] = waiting.front();
    waiting.pop_front();
  }
  return n;
}

}  // namespace hotclick::addon
