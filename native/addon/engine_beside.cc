// The engine object's part in running beside another engine that is to be followed: devices of its own, and state that the
// other has changed since it was restored here.
#include "../core/shard.hh"
#include "../io/devices.hh"
#include "engine_object.hh"
#include "restore_state.hh"
#include "throw.hh"

namespace hotclick::addon {
using namespace core;

namespace {

/// The same for all engines with such a device.
std::string name_of(const Shard::OpenDevice& d) {
  return d.kind + ' ' + d.name + ' ' + d.options;
}

/// Calls visit(node, binding) for what has that name in the store: 'element/state', or 'CLASS/STATE' of a section.
template <typename Visit>
bool with_state(const ShardGraph& graph, const std::string& name, const Visit& visit) {
  const size_t slash = name.rfind('/');
  const std::string owner = name.substr(0, slash), state = name.substr(slash + 1);
  for (const auto& node : graph.nodes()) {
    StateBinding* b = node->find_state(state);
    if (b && owner == (b->section ? node->class_name : node->stored_name())) return visit(*node, *b);
  }
  return true;  // no element of this graph has it
}

}  // namespace

Napi::Value EngineObject::canBeBeside(const Napi::CallbackInfo& info) {
  bool can = engine_ != nullptr;
  for (uint32_t i = 0; can && i < engine_->shards(); ++i) {
    for (const Shard::OpenDevice& d : engine_->shard(i).devices()) can &= io::can_be_beside(d.kind.c_str());
  }
  return Napi::Boolean::New(info.Env(), can);
}

Napi::Value EngineObject::startDevices(const Napi::CallbackInfo& info) {
  for (uint32_t i = 0; engine_ && i < engine_->shards(); ++i) {
    for (const Shard::OpenDevice& d : engine_->shard(i).devices()) {
      if (d.device->beside) d.device->beside->start(*d.device);
    }
  }
  return info.Env().Undefined();
}

Napi::Value EngineObject::lastFrames(const Napi::CallbackInfo& info) {
  uint32_t shard;
  if (!good_shard(info, shard)) return info.Env().Undefined();
  auto frames = Napi::Object::New(info.Env());
  for (const Shard::OpenDevice& d : engine_->shard(shard).devices()) {
    if (!d.device->beside) continue;
    frames.Set(name_of(d), std::to_string(d.device->beside->last_frame(*d.device)));
  }
  return frames;
}

Napi::Value EngineObject::passOver(const Napi::CallbackInfo& info) {
  uint32_t shard;
  if (!good_shard(info, shard)) return info.Env().Undefined();
  const auto frames = info[1].As<Napi::Object>();
  for (const Shard::OpenDevice& d : engine_->shard(shard).devices()) {
    const Napi::Value until = frames.Get(name_of(d));
    if (!d.device->beside || !until.IsString()) continue;
    d.device->beside->pass_over(*d.device,
                                strtoull(until.As<Napi::String>().Utf8Value().c_str(), nullptr, 10));
  }
  return info.Env().Undefined();
}

const ShardGraph* EngineObject::prepared_graph(const Napi::CallbackInfo& info, uint32_t shard) {
  const auto revision = revisions_.find(info[1].As<Napi::Number>().Uint32Value());
  return revision == revisions_.end() ? nullptr : revision->second->graphs[shard].get();
}

Napi::Value EngineObject::renewStatic(const Napi::CallbackInfo& info) {
  uint32_t shard;
  if (!good_shard(info, shard)) return info.Env().Undefined();
  const ShardGraph* graph = prepared_graph(info, shard);
  if (!graph) return throw_error(info.Env(), "HC_INTERNAL", "no such revision");
  RestoredStatic value;
  if (!static_from_js(info[3].As<Napi::Object>(), info[4].As<Napi::Uint8Array>(), value))
    return throw_error(info.Env(), "HC_STORE", "a stored value does not fit its schema");
  std::string error;
  const bool done = with_state(*graph, info[2].As<Napi::String>(),
                               [&](Node& node, StateBinding& b) { return node.renew(b, value, error); });
  return done ? info.Env().Undefined() : throw_error(info.Env(), "HC_STORE", error);
}

Napi::Value EngineObject::renewTable(const Napi::CallbackInfo& info) {
  uint32_t shard;
  if (!good_shard(info, shard)) return info.Env().Undefined();
  const ShardGraph* graph = prepared_graph(info, shard);
  if (!graph) return throw_error(info.Env(), "HC_INTERNAL", "no such revision");
  const TableParts parts{info[3].As<Napi::Object>(), info[4].As<Napi::Object>(),
                         info[5].As<Napi::Uint32Array>(), info[6].As<Napi::Array>(), true};
  RestoredPart pages;
  if (!part_from_js(parts, pages))
    return throw_error(info.Env(), "HC_STORE", "a stored table does not fit its schema");
  std::string error;
  const bool done = with_state(*graph, info[2].As<Napi::String>(),
                               [&](Node& node, StateBinding& b) { return node.renew(b, pages, error); });
  return done ? info.Env().Undefined() : throw_error(info.Env(), "HC_STORE", error);
}

}  // namespace hotclick::addon
