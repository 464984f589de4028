// The watching half of an upgrade in the engine object: the end of the watch, the way back, and faults.
#include "../core/fault_report.hh"
#include "../core/reclaim_command.hh"
#include "../core/swap.hh"
#include "engine_object.hh"
#include "throw.hh"

namespace hotclick::addon {
using namespace core;

/// endWatch(shard): whether it still runs the new graph. From then on a crash is a crash.
Napi::Value EngineObject::endWatch(const Napi::CallbackInfo& info) {
  uint32_t shard;
  if (!good_shard(info, shard)) return info.Env().Undefined();
  return post(info.Env(), shard, std::make_unique<WatchCommand>(WatchCommand::What::end),
              [](Napi::Env env, Command& c) -> Napi::Value {
                return Napi::Boolean::New(env, static_cast<WatchCommand&>(c).still_new());
              });
}

/// keep(shard): the new graph stays, there is no way back.
Napi::Value EngineObject::keep(const Napi::CallbackInfo& info) {
  uint32_t shard;
  if (!good_shard(info, shard)) return info.Env().Undefined();
  return post(info.Env(), shard, std::make_unique<WatchCommand>(WatchCommand::What::keep),
              [this, shard](Napi::Env env, Command&) -> Napi::Value {
                installed_before_.erase(shard);
                return env.Undefined();
              });
}

/// takeBack(shard): the graph before runs again; the shard's break in ns. A shard that has done so by itself does
/// nothing.
Napi::Value EngineObject::takeBack(const Napi::CallbackInfo& info) {
  uint32_t shard;
  if (!good_shard(info, shard)) return info.Env().Undefined();
  return post(info.Env(), shard, std::make_unique<WatchCommand>(WatchCommand::What::take_back),
              [this, shard](Napi::Env env, Command& c) -> Napi::Value {
                engine_->shard(shard).learn_graph();
                if (const auto before = installed_before_.find(shard); before != installed_before_.end()) {
                  installed_[shard] = before->second;
                  installed_before_.erase(before);
                }
                return Napi::Number::New(env, static_cast<double>(static_cast<WatchCommand&>(c).break_ns()));
              });
}

/// shardLoad(shard) → { rounds, busyRounds, busyNs }
Napi::Value EngineObject::shardLoad(const Napi::CallbackInfo& info) {
  uint32_t shard;
  if (!good_shard(info, shard)) return info.Env().Undefined();
  const ControlPage& page = engine_->shard(shard).control();
  auto o = Napi::Object::New(info.Env());
  o.Set("rounds", static_cast<double>(page.rounds.load(std::memory_order_relaxed)));
  o.Set("busyRounds", static_cast<double>(page.busy_rounds.load(std::memory_order_relaxed)));
  o.Set("busyNs", static_cast<double>(page.busy_ns.load(std::memory_order_relaxed)));
  return o;
}

/// reclaim(shard): packets that crashed code had in its hands and that were given back; -1 when that cannot be told.
Napi::Value EngineObject::reclaim(const Napi::CallbackInfo& info) {
  uint32_t shard;
  if (!good_shard(info, shard)) return info.Env().Undefined();
  return post(info.Env(), shard, std::make_unique<ReclaimCommand>(engine_->pool()),
              [](Napi::Env env, Command& c) -> Napi::Value {
                const auto& r = static_cast<ReclaimCommand&>(c);
                return Napi::Number::New(env, r.impossible() ? -1.0 : static_cast<double>(r.reclaimed()));
              });
}

/// abandon(revision): after every shard has taken it back; false while something of it drains or converts state.
Napi::Value EngineObject::abandon(const Napi::CallbackInfo& info) {
  const auto revision = revisions_.find(info[0].As<Napi::Number>().Uint32Value());
  if (revision == revisions_.end()) return Napi::Boolean::New(info.Env(), true);
  if (!engine_->abandon(*revision->second)) return Napi::Boolean::New(info.Env(), false);
  revisions_.erase(revision);
  return Napi::Boolean::New(info.Env(), true);
}

void EngineObject::tell_fault(Napi::Env env, uint32_t shard) {
  FaultGuard& guard = engine_->shard(shard).guard();
  const FaultEvidence* evidence = guard.take_evidence();
  if (!evidence || !guard.newer()) return;
  const FaultReport report = report_fault(*evidence, *guard.newer(), *guard.older(), shard);
  auto o = Napi::Object::New(env);
  o.Set("shard", report.shard);
  o.Set("signal", report.signal);
  o.Set("address", static_cast<double>(report.address));
  o.Set("recoveryNs", static_cast<double>(report.recovery_ns));
  o.Set("element", report.element);
  o.Set("className", report.class_name);
  o.Set("version", report.version);
  auto frames = Napi::Array::New(env, report.backtrace.size());
  for (uint32_t i = 0; i < report.backtrace.size(); ++i) frames.Set(i, report.backtrace[i]);
  o.Set("backtrace", frames);
  o.Set("packetLength", report.packet_length);
  o.Set("packetHead", Napi::Buffer<uint8_t>::Copy(env, report.packet_head.data(), report.packet_head.size()));
  if (!on_fault_.IsEmpty()) on_fault_.Call({o});
}

}  // namespace hotclick::addon
