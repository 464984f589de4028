#include <napi.h>

#include "../core/library.hh"
#include "element_harness.hh"
#include "engine_object.hh"
#include "throw.hh"

namespace hotclick::addon {
namespace {

/// describeLibrary(path) → JSON of its ElementClass. Loads, checks and unloads it.
Napi::Value describe_library(const Napi::CallbackInfo& info) {
  std::string error;
  const auto version = core::ElementVersion::load(info[0].As<Napi::String>(), 1, error);
  if (!version) return throw_prefixed(info.Env(), "HC_LIBRARY", error);
  return Napi::String::New(info.Env(), version->describe());
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  EngineObject::define(env, exports);
  ElementHarness::define(env, exports);
  define_shard_entry(env, exports);
  exports.Set("describeLibrary", Napi::Function::New(env, describe_library));
  exports.Set("abi", Napi::Number::New(env, HC_ABI_VERSION));
  return exports;
}

}  // namespace
}  // namespace hotclick::addon

static Napi::Object hotclick_init(Napi::Env env, Napi::Object exports) {
  return hotclick::addon::init(env, exports);
}
NODE_API_MODULE(hotclick, hotclick_init)
