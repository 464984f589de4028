// The watching half of the engine object: traces and taps.
#include <hotclick/abi.h>

#include <cstring>

#include "../core/classifier/classifier.hh"
#include "../core/edge_counter.hh"
#include "engine_object.hh"
#include "throw.hh"

namespace hotclick::addon {
using namespace core;

/// observe({ kind: 'trace', filter, limit, snap } | { kind: 'tap', element, port, input, snap }
///         | { kind: 'count', elements: string[] }) → number
Napi::Value EngineObject::observe(const Napi::CallbackInfo& info) {
  if (!engine_) return throw_error(info.Env(), "HC_NO_ENGINE", "the engine was stopped");
  const auto o = info[0].As<Napi::Object>();
  const std::string kind = o.Get("kind").As<Napi::String>();
  if (kind == "count") {
    const auto names = o.Get("elements").As<Napi::Array>();
    std::vector<std::string> elements;
    for (uint32_t k = 0; k < names.Length(); ++k) elements.push_back(names.Get(k).As<Napi::String>());
    counters_[next_id_] = std::make_shared<EdgeCounter>(std::move(elements));
    instrument(info.Env());
    return Napi::Number::New(info.Env(), next_id_++);
  }
  const uint32_t snap = o.Get("snap").As<Napi::Number>().Uint32Value();
  std::vector<std::shared_ptr<EventObserver>> list;
  for (uint32_t i = 0; i < engine_->shards(); ++i) {
    if (kind == "tap") {
      list.push_back(EventObserver::tap(o.Get("element").As<Napi::String>(),
                                        o.Get("port").As<Napi::Number>().Uint32Value(),
                                        o.Get("input").ToBoolean(), snap));
      continue;
    }
    const std::string filter = o.Get("filter").As<Napi::String>();
    const hc_string pattern{filter.c_str(), static_cast<uint32_t>(filter.size()), 0};
    char error[HC_ERROR_SIZE] = "";
    uint32_t failed = 0;
    hc_classifier* compiled = classifier_compile("ipclassifier", &pattern, 1, error, &failed);
    if (!compiled) return throw_error(info.Env(), "HC_ARGUMENT", std::string("filter: ") + error);
    list.push_back(EventObserver::trace(compiled, o.Get("limit").As<Napi::Number>().Uint32Value(), snap));
  }
  const uint32_t id = next_id_++;
  observers_[id] = std::move(list);
  instrument(info.Env());
  return Napi::Number::New(info.Env(), id);
}

Napi::Array EngineObject::instrument(Napi::Env env) {
  auto promises = Napi::Array::New(env);
  for (uint32_t i = 0; engine_ && i < engine_->shards(); ++i) {
    std::vector<std::shared_ptr<Observer>> all;
    for (const auto& [id, list] : observers_) all.push_back(list[i]);
    for (const auto& [id, counter] : counters_) all.push_back(counter);
    for (const auto& [id, mirror] : mirrors_)
      all.insert(all.end(), mirror.captures[i].begin(), mirror.captures[i].end());
    const auto graph = engine_->shard(i).known_graph();
    std::shared_ptr<Instrumentation> next;
    if (!all.empty() && graph) next = std::make_shared<Instrumentation>(graph, std::move(all));
    // The one before is in use until the command was run.
    promises.Set(i, post(env, i, std::make_unique<ObserveCommand>(next),
                         [this, next, i](Napi::Env e, Command&) -> Napi::Value {
                           instrumentations_[i] = next;
                           return e.Undefined();
                         }));
  }
  return promises;
}

Napi::Value EngineObject::refreshObservers(const Napi::CallbackInfo& info) {
  const bool nobody = observers_.empty() && mirrors_.empty() && counters_.empty();
  return nobody ? Napi::Array::New(info.Env()) : instrument(info.Env());
}

Napi::Value EngineObject::stopObserving(const Napi::CallbackInfo& info) {
  const uint32_t id = info[0].As<Napi::Number>().Uint32Value();
  observers_.erase(id);
  counters_.erase(id);
  instrument(info.Env());
  return info.Env().Undefined();
}

/// edgeCounts(shard) → { from, port, to, packets }[]: of the edges that are watched, since they are
Napi::Value EngineObject::edgeCounts(const Napi::CallbackInfo& info) {
  uint32_t shard;
  if (!good_shard(info, shard)) return info.Env().Undefined();
  auto list = Napi::Array::New(info.Env());
  const auto at = instrumentations_.find(shard);
  if (at == instrumentations_.end() || !at->second) return list;
  uint32_t n = 0;
  for (const auto& count : at->second->counts()) {
    auto o = Napi::Object::New(info.Env());
    o.Set("from", count.from->name);
    o.Set("port", count.from_port);
    o.Set("to", count.to ? count.to->name : "");
    o.Set("packets", static_cast<double>(count.packets));
    list.Set(n++, o);
  }
  return list;
}

/// takeEvents(number) → { events: object[], lost }
Napi::Value EngineObject::takeEvents(const Napi::CallbackInfo& info) {
  auto result = Napi::Object::New(info.Env());
  auto events = Napi::Array::New(info.Env());
  double lost = 0;
  uint32_t n = 0;
  const auto at = observers_.find(info[0].As<Napi::Number>().Uint32Value());
  if (at != observers_.end()) {
    std::string raw;
    for (const auto& o : at->second) {
      lost += static_cast<double>(o->lost());
      while (n < 4096 && o->take(raw)) {
        EventObserver::Event e;
        memcpy(&e, raw.data(), sizeof(e));
        auto event = Napi::Object::New(info.Env());
        event.Set("time", Napi::BigInt::New(info.Env(), e.time));
        event.Set("shard", e.shard);
        event.Set("packet", e.packet);
        event.Set("length", e.length);
        event.Set("kind", std::string(1, static_cast<char>(e.kind)));
        event.Set("element", e.from);
        event.Set("version", e.from_version);
        event.Set("port", e.from_port);
        event.Set("to", e.to);
        event.Set("toPort", e.to_port);
        event.Set("reason", e.reason_text);
        event.Set("data",
                  Napi::Buffer<char>::Copy(info.Env(), raw.data() + sizeof(e), raw.size() - sizeof(e)));
        events.Set(n++, event);
      }
    }
  }
  result.Set("events", events);
  result.Set("lost", lost);
  return result;
}

}  // namespace hotclick::addon
