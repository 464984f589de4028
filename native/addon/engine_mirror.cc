// The mirroring half of the engine object: copies of live packets, and of the state that they meet.
#include <cstring>

#include "../state/copy_command.hh"
#include "engine_object.hh"
#include "throw.hh"

namespace hotclick::addon {
using namespace core;

namespace {

/// [state, page numbers, sizes of the pages, their bytes one behind the other]
Napi::Array table_to_js(Napi::Env env, const CopyCommand::State& state) {
  const auto pages = state.table->pages();
  auto numbers = Napi::Uint32Array::New(env, pages.size());
  auto sizes = Napi::Uint32Array::New(env, pages.size());
  size_t size = 0;
  for (const auto& p : pages) size += p.size;
  auto bytes = Napi::Uint8Array::New(env, size);
  size_t at = 0;
  for (size_t i = 0; i < pages.size(); ++i) {
    numbers[i] = pages[i].number;
    sizes[i] = pages[i].size;
    memcpy(bytes.Data() + at, pages[i].data, pages[i].size);
    at += pages[i].size;
  }
  auto table = Napi::Array::New(env, 4);
  table.Set(0u, state.binding->name);
  table.Set(1u, numbers);
  table.Set(2u, sizes);
  table.Set(3u, bytes);
  return table;
}

Napi::Object element_to_js(Napi::Env env, const CopyCommand::Element& element) {
  auto o = Napi::Object::New(env);
  auto timers = Napi::Array::New(env);
  auto statics = Napi::Array::New(env);
  auto tables = Napi::Array::New(env);
  for (uint32_t i = 0; i < HC_MAX_TIMERS; ++i) timers.Set(i, Napi::BigInt::New(env, element.timers[i]));
  for (const auto& state : element.states) {
    if (state.table) {
      tables.Set(tables.Length(), table_to_js(env, state));
      continue;
    }
    auto pair = Napi::Array::New(env, 2);
    pair.Set(0u, state.binding->name);
    pair.Set(1u, Napi::Buffer<uint8_t>::Copy(env, state.bytes.data(), state.bytes.size()));
    statics.Set(statics.Length(), pair);
  }
  o.Set("element", element.node->name);
  o.Set("timers", timers);
  o.Set("statics", statics);
  o.Set("tables", tables);
  return o;
}

}  // namespace

/// mirror(elements, packets) → number. From copyState() on, so many packets of each element are copied.
Napi::Value EngineObject::mirror(const Napi::CallbackInfo& info) {
  if (!engine_) return throw_error(info.Env(), "HC_NO_ENGINE", "the engine was stopped");
  const auto names = info[0].As<Napi::Array>();
  Mirror mirror;
  for (uint32_t i = 0; i < names.Length(); ++i)
    mirror.left.push_back(std::make_shared<std::atomic<int64_t>>(info[1].As<Napi::Number>().Int64Value()));
  for (uint32_t shard = 0; shard < engine_->shards(); ++shard) {
    mirror.captures.emplace_back();
    for (uint32_t i = 0; i < names.Length(); ++i) {
      const std::string name = names.Get(i).As<Napi::String>();
      mirror.captures.back().push_back(std::make_shared<PacketCapture>(name, mirror.left[i]));
    }
  }
  const uint32_t id = next_id_++;
  mirrors_[id] = std::move(mirror);
  instrument(info.Env());
  return Napi::Number::New(info.Env(), id);
}

/// copyState(shard, mirror) → promise of the shard's clock and the state of the mirrored elements at the instant from
/// which on their packets are copied.
Napi::Value EngineObject::copyState(const Napi::CallbackInfo& info) {
  uint32_t shard;
  if (!good_shard(info, shard)) return info.Env().Undefined();
  const auto at = mirrors_.find(info[1].As<Napi::Number>().Uint32Value());
  if (at == mirrors_.end()) return throw_error(info.Env(), "HC_INTERNAL", "no such mirror");
  auto command = CopyCommand::create(engine_->shard(shard).known_graph(), at->second.captures[shard]);
  if (!command) return throw_error(info.Env(), "HC_UPGRADE_FAILED", "no memory for a copy of the state");
  return post(info.Env(), shard, std::move(command), [](Napi::Env env, Command& done) -> Napi::Value {
    const auto& c = static_cast<CopyCommand&>(done);
    if (c.stale())
      return throw_error(env, "HC_UPGRADE_FAILED", "the graph changed while its state was copied");
    auto o = Napi::Object::New(env);
    auto elements = Napi::Array::New(env, c.elements().size());
    for (uint32_t i = 0; i < c.elements().size(); ++i) elements.Set(i, element_to_js(env, c.elements()[i]));
    o.Set("elements", elements);
    o.Set("now", Napi::BigInt::New(env, c.now()));
    o.Set("wallOffset", Napi::BigInt::New(env, c.wall_offset()));
    o.Set("random", Napi::BigInt::New(env, c.random()));
    o.Set("spentNs", static_cast<double>(c.spent_ns()));
    o.Set("longestNs", static_cast<double>(c.longest_ns()));
    return o;
  });
}

/// takeMirrored(mirror, room) → { entries: [shard, element, bytes][], left, missed }: at most about `room` bytes of
/// captured packets, each preceded by its size (u32); `left`: packets still wanted of each element.
Napi::Value EngineObject::takeMirrored(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto at = mirrors_.find(info[0].As<Napi::Number>().Uint32Value());
  if (at == mirrors_.end()) return throw_error(env, "HC_INTERNAL", "no such mirror");
  size_t room = info[1].As<Napi::Number>().Uint32Value();
  auto entries = Napi::Array::New(env);
  auto left = Napi::Array::New(env);
  double missed = 0;
  std::string entry, bytes;
  for (uint32_t shard = 0; shard < at->second.captures.size(); ++shard) {
    for (uint32_t i = 0; i < at->second.captures[shard].size(); ++i) {
      PacketCapture& capture = *at->second.captures[shard][i];
      missed += static_cast<double>(capture.missed());
      bytes.clear();
      while (room > 0 && capture.take(entry)) {
        const auto size = static_cast<uint32_t>(entry.size());
        bytes.append(reinterpret_cast<const char*>(&size), sizeof(size)).append(entry);
        room -= room < size ? room : size;
      }
      if (bytes.empty()) continue;
      auto one = Napi::Array::New(env, 3);
      one.Set(0u, shard);
      one.Set(1u, i);
      one.Set(2u, Napi::Buffer<char>::Copy(env, bytes.data(), bytes.size()));
      entries.Set(entries.Length(), one);
    }
  }
  for (const auto& one : at->second.left)
    left.Set(left.Length(), static_cast<double>(one->load(std::memory_order_relaxed)));
  auto result = Napi::Object::New(env);
  result.Set("entries", entries);
  result.Set("left", left);
  result.Set("missed", missed);
  return result;
}

Napi::Value EngineObject::stopMirroring(const Napi::CallbackInfo& info) {
  mirrors_.erase(info[0].As<Napi::Number>().Uint32Value());
  if (engine_) instrument(info.Env());
  return info.Env().Undefined();
}

}  // namespace hotclick::addon
