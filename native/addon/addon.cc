#include <napi.h>

#include "../core/engine_core.hh"
#include "../core/library.hh"
#include "../core/transfer/manifest.hh"
#include "element_harness.hh"
#include "engine_object.hh"
#include "message_functions.hh"
#include "replay.hh"
#include "statics_values.hh"
#include "throw.hh"

namespace hotclick::addon {
namespace {

/// describeLibrary(path, statics) → JSON of its ElementClass. Loads, checks and unloads it.
Napi::Value describe_library(const Napi::CallbackInfo& info) {
  std::string error;
  const auto version =
      core::ElementVersion::load(info[0].As<Napi::String>(), 1, error, statics_from_js(info[1]));
  if (!version) return throw_prefixed(info.Env(), "HC_LIBRARY", error);
  return Napi::String::New(info.Env(), version->describe());
}

/// checkArguments(path, [{ name, className, args, inputs, outputs }, …]) → for each element of that class null, or
/// { message, argument } when it does not take its arguments. Nothing is opened.
Napi::Value check_arguments(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  std::string error;
  const auto version = core::ElementVersion::load(info[0].As<Napi::String>(), 1, error);
  if (!version) return throw_prefixed(env, "HC_LIBRARY", error);
  const auto pages = std::make_unique<uint8_t[]>(8192);
  auto* page =
      reinterpret_cast<uint8_t*>((reinterpret_cast<uintptr_t>(pages.get()) + 4095) & ~uintptr_t{4095});
  const auto engine = core::EngineCore::create(1, 256, page, nullptr, error);
  if (!engine) return throw_error(env, "HC_INTERNAL", error);
  const auto elements = info[1].As<Napi::Array>();
  auto faults = Napi::Array::New(env);
  for (uint32_t i = 0; i < elements.Length(); ++i) {
    const auto element = elements.Get(i).As<Napi::Object>();
    core::NodeSpec spec;
    spec.name = element.Get("name").As<Napi::String>();
    spec.class_name = element.Get("className").As<Napi::String>();
    spec.inputs = element.Get("inputs").As<Napi::Number>();
    spec.outputs = element.Get("outputs").As<Napi::Number>();
    spec.version = version;
    const auto args = element.Get("args").As<Napi::Array>();
    for (uint32_t k = 0; k < args.Length(); ++k) spec.arguments.push_back(args.Get(k).As<Napi::String>());
    core::NodeError failure;
    if (core::Node::takes_arguments(spec, engine->shard(0), failure)) {
      faults.Set(i, env.Null());
      continue;
    }
    auto fault = Napi::Object::New(env);
    fault.Set("message", failure.message);
    fault.Set("argument", failure.argument == UINT32_MAX ? -1.0 : static_cast<double>(failure.argument));
    faults.Set(i, fault);
  }
  return faults;
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  EngineObject::define(env, exports);
  ElementHarness::define(env, exports);
  Replay::define(env, exports);
  define_shard_entry(env, exports);
  define_message_functions(env, exports);
  define_confine(env, exports);
  define_spawn(env, exports);
  exports.Set("describeLibrary", Napi::Function::New(env, describe_library));
  exports.Set("describeStatics", Napi::Function::New(env, describe_statics));
  exports.Set("checkArguments", Napi::Function::New(env, check_arguments));
  exports.Set("abi", Napi::Number::New(env, HC_ABI_VERSION));
  exports.Set("transferFormat", Napi::Number::New(env, core::transfer_format));
  return exports;
}

}  // namespace
}  // namespace hotclick::addon

static Napi::Object hotclick_init(Napi::Env env, Napi::Object exports) {
  return hotclick::addon::init(env, exports);
}
NODE_API_MODULE(hotclick, hotclick_init)
