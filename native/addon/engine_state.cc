// The state half of the engine object: publication, restoring, statistics.
#include <cstring>

#include "../state/publish_command.hh"
#include "engine_object.hh"
#include "restore_state.hh"
#include "state_pointer_values.hh"
#include "throw.hh"

namespace hotclick::addon {
using namespace core;

namespace {

constexpr size_t publish_room = 8u << 20;

const char* kind_name(const StateBinding& b) {
  return b.table ? "table" : b.section || b.image ? "section" : "static";
}

}  // namespace

Napi::Value EngineObject::publish(const Napi::CallbackInfo& info) {
  uint32_t shard;
  if (!good_shard(info, shard)) return info.Env().Undefined();
  auto command = std::make_unique<PublishCommand>(engine_->shard(shard).known_graph(), publish_room);
  const uint32_t revision = installed_[shard];
  return post(info.Env(), shard, std::move(command), [revision](Napi::Env env, Command& c) -> Napi::Value {
    const auto& p = static_cast<PublishCommand&>(c);
    auto o = Napi::Object::New(env);
    o.Set("revision", revision);
    o.Set("more", p.more());
    o.Set("stale", p.stale());
    o.Set("spentNs", static_cast<double>(p.spent_ns()));
    o.Set("longestNs", static_cast<double>(p.longest_ns()));
    auto list = Napi::Array::New(env, p.entries().size());
    size_t end = 0;
    for (const auto& e : p.entries()) end = e.offset + e.size > end ? e.offset + e.size : end;
    auto bytes = Napi::Uint8Array::New(env, end);
    memcpy(bytes.Data(), p.data(), end);
    uint32_t n = 0;
    const std::string* last = nullptr;
    Napi::Value element;
    for (const auto& e : p.entries()) {
      if (e.element != last) {
        last = e.element;
        element = Napi::String::New(env, *last);
      }
      auto entry = Napi::Array::New(env, 6);
      entry.Set(0u, element);
      entry.Set(1u, Napi::String::New(env, e.state->name));
      entry.Set(2u, Napi::String::New(env, kind_name(*e.state)));
      entry.Set(3u, Napi::Number::New(env, e.page));
      entry.Set(4u, Napi::Number::New(env, e.offset));
      entry.Set(5u, Napi::Number::New(env, e.size));
      list.Set(n++, entry);
    }
    o.Set("entries", list);
    o.Set("data", bytes);
    return o;
  });
}

namespace {
class MarkCommand : public Command {
 public:
  bool step(Shard& shard) override {
    if (shard.graph()) {
      for (FlowTable* t : shard.graph()->tables()) t->mark_all_dirty();
    }
    return true;
  }
};
}  // namespace

Napi::Value EngineObject::markAllDirty(const Napi::CallbackInfo& info) {
  uint32_t shard;
  if (!good_shard(info, shard)) return info.Env().Undefined();
  return post(info.Env(), shard, std::make_unique<MarkCommand>(),
              [](Napi::Env env, Command&) -> Napi::Value { return env.Undefined(); });
}

Napi::Value EngineObject::elementStats(const Napi::CallbackInfo& info) {
  uint32_t shard;
  if (!good_shard(info, shard)) return info.Env().Undefined();
  auto list = Napi::Array::New(info.Env());
  const auto& graph = engine_->shard(shard).known_graph();
  if (!graph) return list;
  // Counters are read while the shard writes them: each is one aligned word, so a value is old at worst.
  for (uint32_t i = 0; i < graph->nodes().size(); ++i) {
    const Node& n = *graph->nodes()[i];
    auto o = Napi::Object::New(info.Env());
    o.Set("element", graph->name_of(i));
    o.Set("className", n.class_name);
    o.Set("version", n.version);
    o.Set("unconnected", static_cast<double>(n.unconnected()));
    o.Set("held", static_cast<double>(n.held_packets()));
    auto drops = Napi::Object::New(info.Env());
    for (uint32_t k = 0; k < n.descriptor->ndrops; ++k)
      drops.Set(n.descriptor->drops[k].name, static_cast<double>(n.drops()[k]));
    o.Set("drops", drops);
    list.Set(i, o);
  }
  return list;
}

/// packets() → { total, free }: free are those of the depot and of all shards' stacks; an estimate while
/// shards run.
Napi::Value EngineObject::packets(const Napi::CallbackInfo& info) {
  auto o = Napi::Object::New(info.Env());
  if (!engine_) return throw_error(info.Env(), "HC_NO_ENGINE", "the engine was stopped");
  uint32_t free = engine_->pool().in_depot();
  for (uint32_t i = 0; i < engine_->shards(); ++i) {
    free += static_cast<uint32_t>(engine_->shard(i).control().free_packets.load(std::memory_order_relaxed));
  }
  o.Set("total", engine_->pool().size());
  o.Set("free", free);
  return o;
}

Napi::Value EngineObject::states(const Napi::CallbackInfo& info) {
  uint32_t shard;
  if (!good_shard(info, shard)) return info.Env().Undefined();
  auto list = Napi::Array::New(info.Env());
  const auto& graph = engine_->shard(shard).known_graph();
  uint32_t n = 0;
  for (uint32_t i = 0; graph && i < graph->nodes().size(); ++i) {
    const Node& node = *graph->nodes()[i];
    for (const StateBinding& b : node.states) {
      if (b.queue) continue;
      auto o = Napi::Object::New(info.Env());
      o.Set("element", b.section ? node.class_name : graph->name_of(i));
      o.Set("state", b.name);
      o.Set("kind", kind_name(b));
      o.Set("records", b.table ? static_cast<double>(b.table->live) : 1.0);
      o.Set("capacity", b.table ? static_cast<double>(b.table->capacity) : 1.0);
      o.Set("converting", b.table ? b.table->converting() : false);
      o.Set("bytes", b.table ? static_cast<double>(b.table->memory()) : static_cast<double>(b.schema.size));
      list.Set(n++, o);
    }
  }
  return list;
}

/// statePointers(shard, elements, revision): addresses in the state of the running graph or, with a revision, of a
/// prepared one.
Napi::Value EngineObject::statePointers(const Napi::CallbackInfo& info) {
  uint32_t shard;
  if (!good_shard(info, shard)) return info.Env().Undefined();
  auto graph = engine_->shard(shard).known_graph();
  if (info[2].IsNumber()) {
    const auto revision = revisions_.find(info[2].As<Napi::Number>().Uint32Value());
    if (revision == revisions_.end()) return throw_error(info.Env(), "HC_INTERNAL", "no such revision");
    graph = revision->second->graphs[shard];
  }
  if (!graph) return Napi::Array::New(info.Env());
  std::vector<std::string> elements;
  const auto names = info[1].As<Napi::Array>();
  for (uint32_t i = 0; i < names.Length(); ++i) elements.push_back(names.Get(i).As<Napi::String>());
  return state_pointers_to_js(info.Env(), find_state_pointers(graph->nodes(), elements));
}

Napi::Value EngineObject::restoreStatic(const Napi::CallbackInfo& info) {
  uint32_t shard;
  if (!good_shard(info, shard)) return info.Env().Undefined();
  if (!restore_static(engine_->shard(shard), info[1].As<Napi::String>(), info[2].As<Napi::Object>(),
                      info[3].As<Napi::Uint8Array>())) {
    return throw_error(info.Env(), "HC_STORE", "a stored value does not fit its schema");
  }
  return info.Env().Undefined();
}

/// restoreTable(shard, 'element/state', keySchema, valueSchema, pageNumbers, pages[], isPart): the table is made
/// in that layout, and the element converts it when it has another by now. With isPart there are pages of other
/// layouts too, a call for each: then the table is made with the element.
Napi::Value EngineObject::restoreTable(const Napi::CallbackInfo& info) {
  uint32_t shard;
  if (!good_shard(info, shard)) return info.Env().Undefined();
  const TableParts parts{info[2].As<Napi::Object>(), info[3].As<Napi::Object>(),
                         info[4].As<Napi::Uint32Array>(), info[5].As<Napi::Array>(), info[6].ToBoolean()};
  std::string error;
  if (!restore_table(engine_->shard(shard), info[1].As<Napi::String>(), parts, error))
    return throw_error(info.Env(), "HC_STORE", error);
  return info.Env().Undefined();
}

}  // namespace hotclick::addon
