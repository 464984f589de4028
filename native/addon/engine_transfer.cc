// The engine object's part in transfers: telling what there is, handing out, taking over.
#include "../core/transfer/export.hh"
#include "../core/transfer/hand_out.hh"
#include "engine_object.hh"
#include "throw.hh"
#include "transfer_values.hh"

namespace hotclick::addon {
using namespace core;

std::unique_ptr<TransferImport> EngineObject::read_import(const Napi::Value& option, std::string& error) {
  if (!option.IsObject()) return nullptr;
  const auto o = option.As<Napi::Object>();
  std::vector<int> fds;
  if (o.Get("fds").IsArray()) {
    const auto list = o.Get("fds").As<Napi::Array>();
    for (uint32_t i = 0; i < list.Length(); ++i) fds.push_back(list.Get(i).ToNumber().Int32Value());
  }
  auto import =
      TransferImport::open(manifest_from_js(o.Get("manifest")), fds, o.Get("crashed").ToBoolean(), error);
  if (!import && error.empty()) error = "HC_TRANSFER: no memory for it";
  return import;
}

Napi::Value EngineObject::exportState(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!engine_) return throw_error(env, "HC_NO_ENGINE", "the engine was stopped");
  if (swaps_posted_ != 0) return throw_error(env, "HC_UPGRADE_BUSY", "a revision is being installed");
  const bool keeper = info[0].ToBoolean();
  ExportedEngine exported = export_engine(*engine_, keeper ? ExportFor::keeper : ExportFor::successor);
  auto fds = Napi::Array::New(env, exported.fds.size());
  for (uint32_t i = 0; i < exported.fds.size(); ++i) fds.Set(i, exported.fds[i]);
  auto o = Napi::Object::New(env);
  o.Set("manifest", manifest_to_js(env, exported.manifest));
  o.Set("fds", fds);
  return o;
}

Napi::Value EngineObject::takeOver(const Napi::CallbackInfo& info) {
  uint32_t shard;
  if (!good_shard(info, shard)) return info.Env().Undefined();
  const uint32_t id = info[1].As<Napi::Number>().Uint32Value();
  const auto revision = revisions_.find(id);
  if (revision == revisions_.end()) return throw_error(info.Env(), "HC_INTERNAL", "no such revision");
  if (!engine_->import()) return throw_error(info.Env(), "HC_INTERNAL", "there is nothing to take over");
  ++swaps_posted_;
  return post(info.Env(), shard, std::make_unique<TakeOverCommand>(*engine_, revision->second->graphs[shard]),
              [this, shard, id](Napi::Env env, Command& c) -> Napi::Value {
                --swaps_posted_;
                const auto& command = static_cast<TakeOverCommand&>(c);
                if (command.failure()) return throw_error(env, "HC_TRANSFER", command.failure());
                engine_->shard(shard).learn_graph();
                installed_[shard] = id;
                return break_to_js(env, command.begin(), command.break_ns());
              });
}

Napi::Value EngineObject::stopWaiting(const Napi::CallbackInfo& info) {
  if (engine_ && engine_->import()) engine_->import()->stop_waiting.store(true, std::memory_order_relaxed);
  return info.Env().Undefined();
}

Napi::Value EngineObject::relinquish(const Napi::CallbackInfo& info) {
  for (uint32_t i = 0; engine_ && i < engine_->shards(); ++i) engine_->shard(i).share_devices(true);
  return info.Env().Undefined();
}

Napi::Value EngineObject::handOut(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!engine_) return throw_error(env, "HC_NO_ENGINE", "the engine was stopped");
  if (swaps_posted_ != 0) return throw_error(env, "HC_UPGRADE_BUSY", "a revision is being installed");
  const double patience = info[0].As<Napi::Number>().DoubleValue();
  const auto all = HandOut::begin(*engine_, static_cast<uint64_t>(patience * 1e6));
  auto done = Napi::Promise::Deferred::New(env);
  const auto left = std::make_shared<uint32_t>(engine_->shards());
  swaps_posted_ += engine_->shards();
  for (uint32_t i = 0; i < engine_->shards(); ++i) {
    post(env, i, std::make_unique<HandOutCommand>(all),
         [this, all, left, done](Napi::Env e, Command&) -> Napi::Value {
           --swaps_posted_;
           if (--*left != 0) return e.Undefined();
           if (all->given()) {
             done.Resolve(e.Undefined());
           } else {
             const char* why = all->failure.load(std::memory_order_acquire);
             done.Reject(make_error(e, "HC_TRANSFER", why ? why : "the engine goes on"));
           }
           return e.Undefined();
         });
  }
  return done.Promise();
}

}  // namespace hotclick::addon
