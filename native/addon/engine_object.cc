#include "engine_object.hh"

#include <mutex>

#include "../core/handler_command.hh"
#include "../core/swap.hh"
#include "statics_values.hh"
#include "throw.hh"

namespace hotclick::addon {
using namespace core;

namespace {
std::mutex registry_mutex;
std::map<uint32_t, std::weak_ptr<EngineCore>> registry;
uint32_t next_engine = 1;
/// The largest table is published in some thousands of steps.
constexpr uint32_t most_steps_here = 1u << 20;

uint32_t u32(const Napi::Value& v) {
  return v.As<Napi::Number>().Uint32Value();
}
}  // namespace

std::shared_ptr<EngineCore> find_engine(uint32_t id) {
  const std::lock_guard lock(registry_mutex);
  const auto at = registry.find(id);
  return at == registry.end() ? nullptr : at->second.lock();
}

void EngineObject::define(Napi::Env env, Napi::Object exports) {
  using E = EngineObject;
  exports.Set("Engine", DefineClass(env, "Engine",
                                    {InstanceAccessor("id", &E::id, nullptr),
                                     InstanceMethod("loadLibrary", &E::loadLibrary),
                                     InstanceMethod("unloadLibrary", &E::unloadLibrary),
                                     InstanceMethod("matchStatics", &E::matchStatics),
                                     InstanceMethod("prepare", &E::prepare),
                                     InstanceMethod("tryConfigure", &E::tryConfigure),
                                     InstanceMethod("discard", &E::discard),
                                     InstanceMethod("roll", &E::roll),
                                     InstanceMethod("endWatch", &E::endWatch),
                                     InstanceMethod("keep", &E::keep),
                                     InstanceMethod("takeBack", &E::takeBack),
                                     InstanceMethod("shardLoad", &E::shardLoad),
                                     InstanceMethod("edgeCounts", &E::edgeCounts),
                                     InstanceMethod("reclaim", &E::reclaim),
                                     InstanceMethod("settle", &E::settle),
                                     InstanceMethod("abandon", &E::abandon),
                                     InstanceMethod("handler", &E::handler),
                                     InstanceMethod("publish", &E::publish),
                                     InstanceMethod("markAllDirty", &E::markAllDirty),
                                     InstanceMethod("packets", &E::packets),
                                     InstanceMethod("elementStats", &E::elementStats),
                                     InstanceMethod("states", &E::states),
                                     InstanceMethod("statePointers", &E::statePointers),
                                     InstanceMethod("restoreStatic", &E::restoreStatic),
                                     InstanceMethod("restoreTable", &E::restoreTable),
                                     InstanceMethod("observe", &E::observe),
                                     InstanceMethod("takeEvents", &E::takeEvents),
                                     InstanceMethod("stopObserving", &E::stopObserving),
                                     InstanceMethod("refreshObservers", &E::refreshObservers),
                                     InstanceMethod("exportState", &E::exportState),
                                     InstanceMethod("takeOver", &E::takeOver),
                                     InstanceMethod("stopWaiting", &E::stopWaiting),
                                     InstanceMethod("handOut", &E::handOut),
                                     InstanceMethod("relinquish", &E::relinquish),
                                     InstanceMethod("canBeBeside", &E::canBeBeside),
                                     InstanceMethod("startDevices", &E::startDevices),
                                     InstanceMethod("lastFrames", &E::lastFrames),
                                     InstanceMethod("passOver", &E::passOver),
                                     InstanceMethod("renewStatic", &E::renewStatic),
                                     InstanceMethod("renewTable", &E::renewTable),
                                     InstanceMethod("mirror", &E::mirror),
                                     InstanceMethod("copyState", &E::copyState),
                                     InstanceMethod("takeMirrored", &E::takeMirrored),
                                     InstanceMethod("stopMirroring", &E::stopMirroring),
                                     InstanceMethod("stop", &E::stop),
                                     InstanceMethod("serveHere", &E::serveHere),
                                     InstanceMethod("close", &E::close)}));
}

EngineObject::EngineObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<EngineObject>(info) {
  const Napi::Env env = info.Env();
  const auto o = info[0].As<Napi::Object>();
  auto control = o.Get("control").As<Napi::Uint8Array>();
  const uint32_t shards = u32(o.Get("shards"));
  if (shards == 0 || control.ByteLength() < shards * 4096u) {
    throw_error(env, "HC_INTERNAL", "the control page is too small");
    return;
  }
  std::string error;
  auto import = read_import(o.Get("transfer"), error);
  if (error.empty())
    engine_ = EngineCore::create(shards, u32(o.Get("packets")), control.Data(), std::move(import), error);
  if (!engine_) {
    throw_prefixed(env, "HC_INTERNAL", error);
    return;
  }
  control_ = Napi::Persistent(control);
  on_line_ = Napi::Persistent(o.Get("onLine").As<Napi::Function>());
  on_stop_ = Napi::Persistent(o.Get("onStop").As<Napi::Function>());
  if (o.Get("onRegions").IsFunction())
    on_regions_ = Napi::Persistent(o.Get("onRegions").As<Napi::Function>());
  if (o.Get("onFault").IsFunction()) on_fault_ = Napi::Persistent(o.Get("onFault").As<Napi::Function>());
  wake_ = Napi::ThreadSafeFunction::New(
      env, Napi::Function::New(env, [this](const Napi::CallbackInfo& i) { deliver(i.Env()); }), "hotclick", 0,
      1);
  for (uint32_t i = 0; i < shards; ++i) {
    engine_->shard(i).busy_poll = o.Get("busyPoll").ToBoolean();
    engine_->shard(i).idle_devices = o.Get("idleDevices").ToBoolean();
    engine_->shard(i).beside_another = o.Get("beside").ToBoolean();
    engine_->shard(i).notify = notify_from_shard;
    engine_->shard(i).notify_context = this;
  }
  const std::lock_guard lock(registry_mutex);
  id_ = next_engine++;
  registry[id_] = engine_;
}

EngineObject::~EngineObject() {
  const std::lock_guard lock(registry_mutex);
  registry.erase(id_);
}

Napi::Value EngineObject::close(const Napi::CallbackInfo& info) {
  if (!engine_) return info.Env().Undefined();
  wake_.Release();
  for (auto& [command, pending] : pending_) {
    if (pending.unasked) continue;
    auto error = Napi::Error::New(info.Env(), "the engine was stopped");
    error.Set("code", Napi::String::New(info.Env(), "HC_NO_ENGINE"));
    pending.deferred.Reject(error.Value());
  }
  pending_.clear();
  instrumentations_.clear();
  observers_.clear();
  mirrors_.clear();
  revisions_.clear();
  engine_.reset();
  libraries_.clear();
  return info.Env().Undefined();
}

Napi::Value EngineObject::stop(const Napi::CallbackInfo& info) {
  for (uint32_t i = 0; engine_ && i < engine_->shards(); ++i) engine_->shard(i).stop();
  return info.Env().Undefined();
}

Napi::Value EngineObject::id(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), id_);
}

bool EngineObject::good_shard(const Napi::CallbackInfo& info, uint32_t& shard) {
  shard = info[0].IsNumber() ? u32(info[0]) : UINT32_MAX;
  if (engine_ && shard < engine_->shards()) return true;
  throw_error(info.Env(), "HC_INTERNAL", engine_ ? "no such shard" : "the engine is closed");
  return false;
}

void EngineObject::notify_from_shard(void* context) {
  static_cast<EngineObject*>(context)->wake_.NonBlockingCall();
}

Napi::Value EngineObject::post(Napi::Env env, uint32_t shard, std::unique_ptr<Command> command,
                               Resolve resolve, bool unasked) {
  Command* raw = command.get();
  Pending pending{std::move(command), Napi::Promise::Deferred::New(env), std::move(resolve), unasked};
  auto promise = pending.deferred.Promise();
  pending_.emplace(raw, std::move(pending));
  engine_->shard(shard).post(*raw);
  if (serves_here_) {
    engine_->shard(shard).run_commands_here(most_steps_here);
    wake_.NonBlockingCall();
  }
  return promise;
}

Napi::Value EngineObject::serveHere(const Napi::CallbackInfo& info) {
  if (!engine_) return info.Env().Undefined();
  serves_here_ = true;
  for (uint32_t i = 0; i < engine_->shards(); ++i) engine_->shard(i).run_commands_here(most_steps_here);
  wake_.NonBlockingCall();
  return info.Env().Undefined();
}

void EngineObject::deliver(Napi::Env env) {
  if (!engine_) return;
  for (uint32_t i = 0; engine_ && i < engine_->shards(); ++i) {
    while (Command* done = engine_->shard(i).take_finished()) {
      const auto at = pending_.find(done);
      if (at == pending_.end()) continue;
      Pending pending = std::move(at->second);
      pending_.erase(at);
      Napi::Value value = pending.resolve(env, *done);
      if (env.IsExceptionPending())
        pending.deferred.Reject(env.GetAndClearPendingException().Value());
      else
        pending.deferred.Resolve(value);
    }
    if (engine_) tell_fault(env, i);
    std::string line;
    while (engine_ && engine_->shard(i).take_line(line)) {
      on_line_.Call({Napi::Number::New(env, i), Napi::String::New(env, line)});
    }
    if (engine_ && engine_->shard(i).take_stop_request()) on_stop_.Call({});
  }
  if (!engine_) return;
  engine_->release_retired();
  regions_changed_ |= engine_->take_region_change();
  // While a revision is being installed nobody can be told what there is.
  if (regions_changed_ && swaps_posted_ == 0 && !on_regions_.IsEmpty()) {
    regions_changed_ = false;
    on_regions_.Call({});
  }
}

void EngineObject::look_at_regions() {
  if (engine_ && engine_->take_region_change()) {
    regions_changed_ = true;
    wake_.NonBlockingCall();
  }
}

Napi::Value EngineObject::loadLibrary(const Napi::CallbackInfo& info) {
  std::string error;
  auto version = ElementVersion::load(info[0].As<Napi::String>(), engine_ ? engine_->shards() : 1, error,
                                      statics_from_js(info[1]));
  if (!version) return throw_prefixed(info.Env(), "HC_LIBRARY", error);
  auto o = Napi::Object::New(info.Env());
  o.Set("description", version->describe());
  o.Set("library", next_id_);
  libraries_[next_id_++] = std::move(version);
  return o;
}

Napi::Value EngineObject::unloadLibrary(const Napi::CallbackInfo& info) {
  libraries_.erase(u32(info[0]));
  return info.Env().Undefined();
}

bool EngineObject::read_plan(Napi::Env env, const Napi::Object& plan, std::vector<NodePlan>& nodes,
                             std::vector<EdgeSpec>& edges) {
  const auto list = plan.Get("nodes").As<Napi::Array>();
  for (uint32_t i = 0; i < list.Length(); ++i) {
    const auto o = list.Get(i).As<Napi::Object>();
    NodePlan p;
    p.spec.name = o.Get("name").As<Napi::String>();
    p.spec.class_name = o.Get("className").As<Napi::String>();
    p.spec.inputs = u32(o.Get("inputs"));
    p.spec.outputs = u32(o.Get("outputs"));
    p.predecessor = o.Get("predecessor").As<Napi::String>();
    p.keep = o.Get("keep").ToBoolean();
    p.fresh = o.Get("fresh").ToBoolean();
    p.newest = o.Get("newest").As<Napi::String>();
    p.moves = o.Get("moves").ToBoolean();
    const auto args = o.Get("args").As<Napi::Array>();
    for (uint32_t k = 0; k < args.Length(); ++k) p.spec.arguments.push_back(args.Get(k).As<Napi::String>());
    const auto library = libraries_.find(u32(o.Get("library")));
    if (library == libraries_.end()) {
      throw_error(env, "HC_INTERNAL", "unknown library for " + p.spec.name);
      return false;
    }
    p.spec.version = library->second;
    nodes.push_back(std::move(p));
  }
  // Edges come as numbers, five each: from, from port, to, to port, push.
  const auto flat = plan.Get("edges").As<Napi::Uint32Array>();
  for (size_t i = 0; i + 5 <= flat.ElementLength(); i += 5) {
    const EdgeSpec e{flat[i], flat[i + 1], flat[i + 2], flat[i + 3], flat[i + 4] != 0};
    if (e.from >= nodes.size() || e.to >= nodes.size() || e.from_port >= nodes[e.from].spec.outputs ||
        e.to_port >= nodes[e.to].spec.inputs) {
      throw_error(env, "HC_INTERNAL", "an edge of the plan leads nowhere");
      return false;
    }
    edges.push_back(e);
  }
  return true;
}

namespace {
Napi::Value to_js(Napi::Env env, const GraphError& failure) {
  auto o = Napi::Object::New(env);
  o.Set("element", failure.element);
  o.Set("message", failure.message);
  o.Set("argument", failure.argument == UINT32_MAX ? -1.0 : static_cast<double>(failure.argument));
  return o;
}
}  // namespace

Napi::Value EngineObject::tryConfigure(const Napi::CallbackInfo& info) {
  std::vector<NodePlan> nodes;
  std::vector<EdgeSpec> edges;
  if (!read_plan(info.Env(), info[0].As<Napi::Object>(), nodes, edges)) return info.Env().Undefined();
  if (!engine_) return throw_error(info.Env(), "HC_NO_ENGINE", "the engine was stopped");
  GraphError failure;
  if (engine_->try_configure(nodes, failure)) return info.Env().Undefined();
  return to_js(info.Env(), failure);
}

Napi::Value EngineObject::prepare(const Napi::CallbackInfo& info) {
  std::vector<NodePlan> nodes;
  std::vector<EdgeSpec> edges;
  if (!read_plan(info.Env(), info[0].As<Napi::Object>(), nodes, edges)) return info.Env().Undefined();
  if (!engine_) return throw_error(info.Env(), "HC_NO_ENGINE", "the engine was stopped");
  GraphError failure;
  auto revision = engine_->prepare(nodes, edges, failure);
  if (!revision) return to_js(info.Env(), failure);
  const uint32_t id = next_id_++;
  revisions_[id] = std::move(revision);
  look_at_regions();
  return Napi::Number::New(info.Env(), id);
}

Napi::Value EngineObject::discard(const Napi::CallbackInfo& info) {
  revisions_.erase(u32(info[0]));
  if (engine_) engine_->discard();
  look_at_regions();
  return info.Env().Undefined();
}

Napi::Value EngineObject::roll(const Napi::CallbackInfo& info) {
  uint32_t shard;
  if (!good_shard(info, shard)) return info.Env().Undefined();
  const uint32_t id = u32(info[1]);
  const auto revision = revisions_.find(id);
  if (revision == revisions_.end()) return throw_error(info.Env(), "HC_INTERNAL", "no such revision");
  const bool thread = info[2].As<Napi::String>().Utf8Value() == "thread";
  const bool watched = info[3].IsNumber();
  if (watched) engine_->begin_watch(static_cast<uint64_t>(info[3].As<Napi::Number>().DoubleValue() * 1e6));
  auto command = std::make_unique<SwapCommand>(
      revision->second->graphs[shard], thread ? SwapCommand::Strategy::thread : SwapCommand::Strategy::swap,
      watched);
  ++swaps_posted_;
  return post(info.Env(), shard, std::move(command),
              [this, shard, id, watched](Napi::Env env, Command& c) -> Napi::Value {
                --swaps_posted_;
                engine_->shard(shard).learn_graph();
                if (watched) installed_before_[shard] = installed_[shard];
                installed_[shard] = id;
                const auto& swap = static_cast<SwapCommand&>(c);
                return break_to_js(env, swap.begin(), swap.break_ns());
              });
}

Napi::Value EngineObject::break_to_js(Napi::Env env, uint64_t begin, uint64_t ns) {
  auto result = Napi::Object::New(env);
  result.Set("beginNs", Napi::Number::New(env, static_cast<double>(begin)));
  result.Set("breakNs", Napi::Number::New(env, static_cast<double>(ns)));
  return result;
}

Napi::Value EngineObject::settle(const Napi::CallbackInfo& info) {
  const auto revision = revisions_.find(u32(info[0]));
  if (revision == revisions_.end()) return Napi::Boolean::New(info.Env(), true);
  if (!engine_->settle(*revision->second)) return Napi::Boolean::New(info.Env(), false);
  revisions_.erase(revision);
  look_at_regions();
  return Napi::Boolean::New(info.Env(), true);
}

Napi::Value EngineObject::handler(const Napi::CallbackInfo& info) {
  uint32_t shard;
  if (!good_shard(info, shard)) return info.Env().Undefined();
  const std::string element = info[1].As<Napi::String>();
  const std::string name = info[2].As<Napi::String>();
  const bool writes = info[3].IsString();
  const size_t room = info[4].IsNumber() ? u32(info[4]) : 64u << 10;
  std::string value;  // written, or the parameter of a read
  if (writes || info[5].IsString()) value = info[writes ? 3 : 5].As<Napi::String>();
  const auto kind = writes ? HandlerCommand::Kind::write : HandlerCommand::Kind::read;
  auto command = std::make_unique<HandlerCommand>(element, name, kind, value, room);
  return post(info.Env(), shard, std::move(command),
              [element, name](Napi::Env env, Command& c) -> Napi::Value {
                const auto& h = static_cast<HandlerCommand&>(c);
                switch (h.outcome()) {
                  case HandlerCommand::Outcome::good:
                    return Napi::String::New(env, h.text());
                  case HandlerCommand::Outcome::no_element:
                    return throw_error(env, "HC_NO_SUCH_ELEMENT", "no element '" + element + "'");
                  case HandlerCommand::Outcome::no_handler:
                    return throw_error(env, "HC_NO_SUCH_HANDLER",
                                       "element '" + element + "' has no such handler '" + name + "'");
                  case HandlerCommand::Outcome::rejected:
                    return throw_error(env, "HC_HANDLER_FAILED", element + "." + name + ": " + h.text());
                  case HandlerCommand::Outcome::too_long:
                    return env.Null();  // ask again with more room
                }
                return env.Undefined();
              });
}

}  // namespace hotclick::addon
