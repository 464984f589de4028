/// One element on a bench: packets in by hand, packets out as objects, time moved by hand. For element tests.
#pragma once
#include <napi.h>

#include <string>

#include "bench.hh"

namespace hotclick::addon {

class ElementHarness : public Napi::ObjectWrap<ElementHarness> {
 public:
  static void define(Napi::Env env, Napi::Object exports);
  /// new ElementHarness({ library, className, args, inputs, outputs, idleDevices?, statics?, tables? })
  explicit ElementHarness(const Napi::CallbackInfo& info);
  void Finalize(Napi::Env) override { close(); }

 private:
  Napi::Value push(const Napi::CallbackInfo& info);
  Napi::Value supply(const Napi::CallbackInfo& info);
  Napi::Value pull(const Napi::CallbackInfo& info);
  Napi::Value output(const Napi::CallbackInfo& info);
  Napi::Value drops(const Napi::CallbackInfo& info);
  Napi::Value handler(const Napi::CallbackInfo& info);
  Napi::Value run(const Napi::CallbackInfo& info);
  Napi::Value advance(const Napi::CallbackInfo& info);
  /// upgrade(spec, newFlowsOnly)
  Napi::Value upgrade(const Napi::CallbackInfo& info);
  Napi::Value retire(const Napi::CallbackInfo& info);
  /// Records in the tables of each version, the newest first.
  Napi::Value records(const Napi::CallbackInfo& info);
  Napi::Value printed(const Napi::CallbackInfo& info);
  Napi::Value statePointers(const Napi::CallbackInfo& info);
  Napi::Value freePackets(const Napi::CallbackInfo& info);
  Napi::Value closeCall(const Napi::CallbackInfo& info);

  uint32_t read_packets(Napi::Env env, const Napi::Value& list, hc_batch& batch);
  void close();

  Bench bench_;
  std::string line_;
};

}  // namespace hotclick::addon
