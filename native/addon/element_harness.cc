#include "element_harness.hh"

#include <hotclick/batch.hpp>

#include "../core/handler_command.hh"
#include "packet_values.hh"
#include "state_pointer_values.hh"
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
                   InstanceMethod("upgrade", &H::upgrade), InstanceMethod("retire", &H::retire),
                   InstanceMethod("records", &H::records), InstanceMethod("printed", &H::printed),
                   InstanceMethod("statePointers", &H::statePointers),
                   InstanceMethod("freePackets", &H::freePackets), InstanceMethod("close", &H::closeCall)}));
}

ElementHarness::ElementHarness(const Napi::CallbackInfo& info) : Napi::ObjectWrap<ElementHarness>(info) {
  bench_.open(info.Env(), info[0].As<Napi::Object>());
}

uint32_t ElementHarness::read_packets(Napi::Env env, const Napi::Value& value, hc_batch& batch) {
  hc_shard* shard = bench_.shard().face();
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
  if (n && bench_.element().descriptor->push) {
    const hc_push_edge edge =
        bench_.shard().graph()->versions().entry(bench_.element(), info[0].As<Napi::Number>().Uint32Value());
    edge.push(edge.object, edge.port, &batch);
  }
  return info.Env().Undefined();
}

Napi::Value ElementHarness::supply(const Napi::CallbackInfo& info) {
  hc_batch batch;
  read_packets(info.Env(), info[1], batch);
  auto& waiting = bench_.in()[info[0].As<Napi::Number>().Uint32Value()];
  for (uint32_t i = 0; i < batch.count; ++i) waiting.push_back(batch.packets[i]);
  return info.Env().Undefined();
}

Napi::Value ElementHarness::pull(const Napi::CallbackInfo& info) {
  Batch batch;
  batch.count = 0;
  const uint32_t max = info[1].As<Napi::Number>().Uint32Value();
  if (bench_.element().descriptor->pull) {
    bench_.element().descriptor->pull(bench_.element().instance.object,
                                      info[0].As<Napi::Number>().Uint32Value(), &batch, max);
  }
  auto list = Napi::Array::New(info.Env(), batch.count);
  for (uint32_t i = 0; i < batch.count; ++i) list.Set(i, packet_to_js(info.Env(), batch[i]));
  release_packets(bench_.shard().face(), batch.packets, batch.count);
  return list;
}

Napi::Value ElementHarness::output(const Napi::CallbackInfo& info) {
  auto& packets = bench_.out()[info[0].As<Napi::Number>().Uint32Value()];
  auto list = Napi::Array::New(info.Env(), packets.size());
  for (uint32_t i = 0; i < packets.size(); ++i) {
    list.Set(i, packet_to_js(info.Env(), *static_cast<Packet*>(packets[i])));
    release_packets(bench_.shard().face(), &packets[i], 1);
  }
  packets.clear();
  return list;
}

Napi::Value ElementHarness::drops(const Napi::CallbackInfo& info) {
  auto o = Napi::Object::New(info.Env());
  const Node& n = bench_.element();
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
  command.step(bench_.shard());
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
  for (uint32_t i = 0; i < times; ++i) worked += bench_.shard().round() ? 1 : 0;
  return Napi::Number::New(info.Env(), worked);
}

Napi::Value ElementHarness::advance(const Napi::CallbackInfo& info) {
  Shard& shard = bench_.shard();
  const uint64_t ns = static_cast<uint64_t>(info[0].As<Napi::Number>().DoubleValue() * 1e6);
  shard.set_clock(shard.face()->now + ns);
  for (FlowTable* t : shard.graph()->tables()) t->sweep_all();
  shard.fire_due_timers();
  return info.Env().Undefined();
}

Napi::Value ElementHarness::upgrade(const Napi::CallbackInfo& info) {
  bench_.upgrade(info.Env(), info[0].As<Napi::Object>(), info[1].ToBoolean());
  return info.Env().Undefined();
}

Napi::Value ElementHarness::retire(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(bench_.retire(info.Env())));
}

Napi::Value ElementHarness::records(const Napi::CallbackInfo& info) {
  auto list = Napi::Array::New(info.Env());
  uint32_t n = 0;
  for (const auto& node : bench_.shard().graph()->nodes()) {
    uint32_t live = 0;
    for (const StateBinding& b : node->states) live += b.table ? b.table->live : 0;
    list.Set(n++, live);
  }
  return list;
}

Napi::Value ElementHarness::printed(const Napi::CallbackInfo& info) {
  auto list = Napi::Array::New(info.Env());
  uint32_t n = 0;
  while (bench_.shard().take_line(line_)) {
    const size_t newline = line_.find('\n');
    list.Set(n++, line_.substr(newline + 1));
  }
  return list;
}

Napi::Value ElementHarness::statePointers(const Napi::CallbackInfo& info) {
  return state_pointers_to_js(info.Env(), find_state_pointers(bench_.shard().graph()->nodes(), {}));
}

Napi::Value ElementHarness::freePackets(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), bench_.shard().face()->free_count + bench_.engine().pool().in_depot());
}

Napi::Value ElementHarness::closeCall(const Napi::CallbackInfo& info) {
  close();
  return info.Env().Undefined();
}

void ElementHarness::close() {
  bench_.close();
}

}  // namespace hotclick::addon
