/// One element on a bench: packets in by hand, packets out as objects, time moved by hand. For element tests.
#pragma once
#include <napi.h>

#include <deque>
#include <memory>
#include <vector>

#include "../core/engine_core.hh"

namespace hotclick::addon {

class ElementHarness : public Napi::ObjectWrap<ElementHarness> {
 public:
  static void define(Napi::Env env, Napi::Object exports);
  /// new ElementHarness({ library, className, args, inputs, outputs, idleDevices?, statics?, tables? })
  explicit ElementHarness(const Napi::CallbackInfo& info);
  void Finalize(Napi::Env) override { close(); }

 private:
  static void capture(void* object, uint32_t port, hc_batch* batch);
  static uint32_t feed(void* object, uint32_t port, hc_batch* batch, uint32_t max);

  Napi::Value push(const Napi::CallbackInfo& info);
  Napi::Value supply(const Napi::CallbackInfo& info);
  Napi::Value pull(const Napi::CallbackInfo& info);
  Napi::Value output(const Napi::CallbackInfo& info);
  Napi::Value drops(const Napi::CallbackInfo& info);
  Napi::Value handler(const Napi::CallbackInfo& info);
  Napi::Value run(const Napi::CallbackInfo& info);
  Napi::Value advance(const Napi::CallbackInfo& info);
  Napi::Value upgrade(const Napi::CallbackInfo& info);
  Napi::Value printed(const Napi::CallbackInfo& info);
  Napi::Value statePointers(const Napi::CallbackInfo& info);
  Napi::Value freePackets(const Napi::CallbackInfo& info);
  Napi::Value closeCall(const Napi::CallbackInfo& info);

  bool restore(Napi::Env env, const Napi::Object& spec);
  bool install(Napi::Env env, const Napi::Object& spec, const std::string& predecessor);
  uint32_t read_packets(Napi::Env env, const Napi::Value& list, hc_batch& batch);
  core::Node& element() { return *engine_->shard(0).graph()->nodes()[0]; }
  void use_own_edges();
  void close();

  std::unique_ptr<uint8_t[]> control_;
  std::unique_ptr<core::EngineCore> engine_;
  uint32_t inputs_ = 1, outputs_ = 1;
  std::vector<std::deque<hc_packet*>> out_, in_;
  std::vector<hc_push_edge> push_edges_;
  std::vector<hc_pull_edge> pull_edges_;
  std::string line_;
};

}  // namespace hotclick::addon
