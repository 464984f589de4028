#include "element_harness.hh"

#include <hotclick/batch.hpp>

#include "../core/handler_command.hh"
#include "../core/swap.hh"
#include "packet_values.hh"
#include "restore_state.hh"
#include "state_pointer_values.hh"
#include "statics_values.hh"
#include "throw.hh"

namespace hotclick::addon {
using namespace core;

void ElementHarness::define(Napi::Env env, Napi::Object exports) {
  using H = ElementHarness;
  exports.Set(
      "ElementHarness",
      DefineClass(env, "ElementHarness",
                  {InstanceMethod("push", &H::push), InstanceMethod("supply", &H::supply),
                   InstanceMethod("pull", &H::pull), InstanceMethod("output", &H::output),
                   InstanceMethod("drops", &H::drops), InstanceMethod("handler", &H::handler),
                   InstanceMethod("run", &H::run), InstanceMethod("advance", &H::advance),
                   InstanceMethod("upgrade", &H::upgrade), InstanceMethod("printed", &H::printed),
                   InstanceMethod("statePointers", &H::statePointers),
                   InstanceMethod("freePackets", &H::freePackets), InstanceMethod("close", &H::closeCall)}));
}

ElementHarness::ElementHarness(const Napi::CallbackInfo& info) : Napi::ObjectWrap<ElementHarness>(info) {
  const auto spec = info[0].As<Napi::Object>();
  inputs_ = spec.Get("inputs").As<Napi::Number>().Uint32Value();
  outputs_ = spec.Get("outputs").As<Napi::Number>().Uint32Value();
  control_ = std::make_unique<uint8_t[]>(8192);
  auto* page =
      reinterpret_cast<uint8_t*>((reinterpret_cast<uintptr_t>(control_.get()) + 4095) & ~uintptr_t{4095});
  std::string error;
  engine_ = EngineCore::create(1, 4096, page, nullptr, error);
  if (!engine_) {
    throw_error(info.Env(), "HC_INTERNAL", error);
    return;
  }
  out_.resize(outputs_);
  in_.resize(inputs_);
  for (uint32_t i = 0; i < outputs_; ++i) push_edges_.push_back({capture, this, i, 0});
  for (uint32_t i = 0; i < inputs_; ++i) pull_edges_.push_back({feed, this, i, 0});
  // So that pointers past the end of an empty list stay out of the way.
  push_edges_.push_back({});
  pull_edges_.push_back({});
  engine_->shard(0).idle_devices = spec.Get("idleDevices").ToBoolean();
  if (restore(info.Env(), spec)) install(info.Env(), spec, "");
}

/// spec.statics: [name, schema, bytes][]; spec.tables: [name, key schema, value schema, page numbers, pages][]. A
/// name is 'element/STATE', or 'CLASS/STATE' for a section.
bool ElementHarness::restore(Napi::Env env, const Napi::Object& spec) {
  Shard& shard = engine_->shard(0);
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
                return restore_static(shard, name, s.Get(1u).As<Napi::Object>(),
                                      s.Get(2u).As<Napi::Uint8Array>());
              }) &&
         each("tables", [&](const std::string& name, const Napi::Array& s, std::string& error) {
           const TableParts parts{s.Get(1u).As<Napi::Object>(), s.Get(2u).As<Napi::Object>(),
                                  s.Get(3u).As<Napi::Uint32Array>(), s.Get(4u).As<Napi::Array>()};
           return restore_table(shard, name, parts, error);
         });
}

bool ElementHarness::install(Napi::Env env, const Napi::Object& spec, const std::string& predecessor) {
  std::string error;
  NodePlan plan;
  plan.spec.name = "element";
  plan.spec.class_name = spec.Get("className").As<Napi::String>();
  plan.spec.inputs = inputs_;
  plan.spec.outputs = outputs_;
  plan.predecessor = predecessor;
  const auto args = spec.Get("args").As<Napi::Array>();
  for (uint32_t i = 0; i < args.Length(); ++i) plan.spec.arguments.push_back(args.Get(i).As<Napi::String>());
  plan.spec.version = ElementVersion::load(spec.Get("library").As<Napi::String>(), 1, error,
                                           statics_from_js(spec.Get("staticsMode")));
  if (!plan.spec.version) {
    throw_prefixed(env, "HC_LIBRARY", error);
    return false;
  }
  GraphError failure;
  auto revision = engine_->prepare({plan}, {}, failure);
  if (!revision) {
    throw_prefixed(env, "HC_CONFIGURE_FAILED", failure.message);
    return false;
  }
  Shard& shard = engine_->shard(0);
  // State that was given is that of a predecessor, not of a store after a crash.
  if (!shard.restored_statics.empty() || !shard.restored_tables.empty())
    revision->graphs[0]->nodes()[0]->adopted = true;
  SwapCommand swap(revision->graphs[0], SwapCommand::Strategy::swap);
  shard.post(swap);
  shard.run_commands_here();
  while (shard.take_finished()) {
  }
  use_own_edges();
  return engine_->settle(*revision);
}

void ElementHarness::use_own_edges() {
  element().instance.outputs = push_edges_.data();
  element().instance.inputs = pull_edges_.data();
}

void ElementHarness::capture(void* object, uint32_t port, hc_batch* batch) {
  auto* h = static_cast<ElementHarness*>(object);
  for (uint32_t i = 0; i < batch->count; ++i) h->out_[port].push_back(batch->packets[i]);
  batch->count = 0;
}

uint32_t ElementHarness::feed(void* object, uint32_t port, hc_batch* batch, uint32_t max) {
  auto& waiting = static_cast<ElementHarness*>(object)->in_[port];
  uint32_t n = 0;
  for (; n < max && !waiting.empty() && batch->count < HC_BATCH_CAPACITY; ++n) {
    batch->packets[batch->count++] = waiting.front();
    waiting.pop_front();
  }
  return n;
}

uint32_t ElementHarness::read_packets(Napi::Env env, const Napi::Value& value, hc_batch& batch) {
  hc_shard* shard = engine_->shard(0).face();
  const auto list = value.As<Napi::Array>();
  batch.count = 0;
  for (uint32_t i = 0; i < list.Length() && i < HC_BATCH_CAPACITY; ++i) {
    Packet* p = allocate_packet(shard);
    if (!p || !packet_from_js(list.Get(i), *p)) {
      throw_error(env, "HC_ARGUMENT", "a packet needs data that fits a buffer");
      return 0;
    }
    batch.packets[batch.count++] = p;
  }
  return batch.count;
}

Napi::Value ElementHarness::push(const Napi::CallbackInfo& info) {
  hc_batch batch;
  const uint32_t n = read_packets(info.Env(), info[1], batch);
  if (n && element().descriptor->push) {
    element().descriptor->push(element().instance.object, info[0].As<Napi::Number>().Uint32Value(), &batch);
  }
  return info.Env().Undefined();
}

Napi::Value ElementHarness::supply(const Napi::CallbackInfo& info) {
  hc_batch batch;
  read_packets(info.Env(), info[1], batch);
  auto& waiting = in_[info[0].As<Napi::Number>().Uint32Value()];
  for (uint32_t i = 0; i < batch.count; ++i) waiting.push_back(batch.packets[i]);
  return info.Env().Undefined();
}

Napi::Value ElementHarness::pull(const Napi::CallbackInfo& info) {
  Batch batch;
  batch.count = 0;
  const uint32_t max = info[1].As<Napi::Number>().Uint32Value();
  if (element().descriptor->pull) {
    element().descriptor->pull(element().instance.object, info[0].As<Napi::Number>().Uint32Value(), &batch,
                               max);
  }
  auto list = Napi::Array::New(info.Env(), batch.count);
  for (uint32_t i = 0; i < batch.count; ++i) list.Set(i, packet_to_js(info.Env(), batch[i]));
  release_packets(engine_->shard(0).face(), batch.packets, batch.count);
  return list;
}

Napi::Value ElementHarness::output(const Napi::CallbackInfo& info) {
  auto& packets = out_[info[0].As<Napi::Number>().Uint32Value()];
  auto list = Napi::Array::New(info.Env(), packets.size());
  for (uint32_t i = 0; i < packets.size(); ++i) {
    list.Set(i, packet_to_js(info.Env(), *static_cast<Packet*>(packets[i])));
    release_packets(engine_->shard(0).face(), &packets[i], 1);
  }
  packets.clear();
  return list;
}

Napi::Value ElementHarness::drops(const Napi::CallbackInfo& info) {
  auto o = Napi::Object::New(info.Env());
  const Node& n = element();
  for (uint32_t i = 0; i < n.descriptor->ndrops; ++i) {
    if (n.drops()[i]) o.Set(n.descriptor->drops[i].name, static_cast<double>(n.drops()[i]));
  }
  return o;
}

Napi::Value ElementHarness::handler(const Napi::CallbackInfo& info) {
  const std::string name = info[0].As<Napi::String>();
  const bool writes = info[1].IsString();
  std::string value;  // written, or the parameter of a read
  if (writes || info[2].IsString()) value = info[writes ? 1 : 2].As<Napi::String>();
  const auto kind = writes ? HandlerCommand::Kind::write : HandlerCommand::Kind::read;
  HandlerCommand command("element", name, kind, value, 1 << 20);
  command.step(engine_->shard(0));
  switch (command.outcome()) {
    case HandlerCommand::Outcome::good:
      return Napi::String::New(info.Env(), command.text());
    case HandlerCommand::Outcome::rejected:
      return throw_error(info.Env(), "HC_HANDLER_FAILED", command.text());
    default:
      return throw_error(info.Env(), "HC_NO_SUCH_HANDLER", "no such handler: " + name);
  }
}

Napi::Value ElementHarness::run(const Napi::CallbackInfo& info) {
  const uint32_t times = info[0].As<Napi::Number>().Uint32Value();
  uint32_t worked = 0;
  for (uint32_t i = 0; i < times; ++i) worked += engine_->shard(0).round() ? 1 : 0;
  return Napi::Number::New(info.Env(), worked);
}

Napi::Value ElementHarness::advance(const Napi::CallbackInfo& info) {
  Shard& shard = engine_->shard(0);
  const uint64_t ns = static_cast<uint64_t>(info[0].As<Napi::Number>().DoubleValue() * 1e6);
  hc_shard& f = *shard.face();
  f.now += ns;
  f.ticks = static_cast<uint32_t>((f.now + f.wall_offset - 1577836800ull * 1'000'000'000u) / 100'000'000u);
  for (FlowTable* t : shard.graph()->tables()) t->sweep_all();
  shard.fire_due_timers();
  return info.Env().Undefined();
}

Napi::Value ElementHarness::upgrade(const Napi::CallbackInfo& info) {
  install(info.Env(), info[0].As<Napi::Object>(), "element");
  return info.Env().Undefined();
}

Napi::Value ElementHarness::printed(const Napi::CallbackInfo& info) {
  auto list = Napi::Array::New(info.Env());
  uint32_t n = 0;
  while (engine_->shard(0).take_line(line_)) {
    const size_t newline = line_.find('\n');
    list.Set(n++, line_.substr(newline + 1));
  }
  return list;
}

Napi::Value ElementHarness::statePointers(const Napi::CallbackInfo& info) {
  return state_pointers_to_js(info.Env(), find_state_pointers(engine_->shard(0).graph()->nodes(), {}));
}

Napi::Value ElementHarness::freePackets(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), engine_->shard(0).face()->free_count + engine_->pool().in_depot());
}

Napi::Value ElementHarness::closeCall(const Napi::CallbackInfo& info) {
  close();
  return info.Env().Undefined();
}

void ElementHarness::close() {
  engine_.reset();
}

}  // namespace hotclick::addon
