// What the Worker of a shard calls.
#include <sched.h>
#include <sys/prctl.h>

#include "../core/swap.hh"
#include "../io/fanout.hh"
#include "engine_object.hh"
#include "throw.hh"

namespace hotclick::addon {
using namespace core;

namespace {

Shard* shard_from(const Napi::CallbackInfo& info, std::shared_ptr<EngineCore>& engine) {
  engine = find_engine(info[0].As<Napi::Number>().Uint32Value());
  const uint32_t shard = info[1].As<Napi::Number>().Uint32Value();
  if (engine && shard < engine->shards()) return &engine->shard(shard);
  throw_error(info.Env(), "HC_INTERNAL", "no such shard");
  return nullptr;
}

/// runShard(engine, shard): the loop. Returns 'stopped', or 'restart' when the graph is to be installed and the
/// loop to be entered again.
Napi::Value run_shard(const Napi::CallbackInfo& info) {
  std::shared_ptr<EngineCore> engine;
  Shard* shard = shard_from(info, engine);
  if (!shard) return info.Env().Undefined();
  const Leave why = shard->run();
  return Napi::String::New(info.Env(), why == Leave::restart ? "restart" : "stopped");
}

/// prepareThread(shard, cpu): the thread's name, the precision of its timers and the CPU it stays on, -1 for
/// any.
Napi::Value prepare_thread(const Napi::CallbackInfo& info) {
  const int32_t cpu = info[1].As<Napi::Number>().Int32Value();
  if (cpu >= 0) {
    cpu_set_t set;
    CPU_ZERO(&set);
    if (cpu < CPU_SETSIZE) CPU_SET(static_cast<size_t>(cpu), &set);
    if (sched_setaffinity(0, sizeof(set), &set) != 0)
      return throw_error(info.Env(), "HC_ARGUMENT", "there is no CPU " + std::to_string(cpu) + " to run on");
  }
  const std::string name = "hc-shard-" + std::to_string(info[0].As<Napi::Number>().Uint32Value());
  prctl(PR_SET_NAME, name.c_str(), 0, 0, 0);
  prctl(PR_SET_TIMERSLACK, 1000, 0, 0, 0);
  return info.Env().Undefined();
}

/// installRestarted(engine, shard): between two runs, the graph that the shard left its loop for.
Napi::Value install_restarted(const Napi::CallbackInfo& info) {
  std::shared_ptr<EngineCore> engine;
  Shard* shard = shard_from(info, engine);
  if (!shard) return info.Env().Undefined();
  // Only a swap leaves the loop for a restart.
  if (Command* command = shard->active_command())
    static_cast<SwapCommand*>(command)->install_restarted(*shard);
  return info.Env().Undefined();
}

/// shardOf(source, destination, sourcePort, destinationPort, protocol, shards): the shard the devices give a
/// packet to.
Napi::Value shard_of(const Napi::CallbackInfo& info) {
  auto number = [&info](size_t i) { return info[i].As<Napi::Number>().Uint32Value(); };
  return Napi::Number::New(
      info.Env(), io::shard_of(number(0), number(1), static_cast<uint16_t>(number(2)),
                               static_cast<uint16_t>(number(3)), static_cast<uint8_t>(number(4)), number(5)));
}

}  // namespace

void define_shard_entry(Napi::Env env, Napi::Object exports) {
  exports.Set("runShard", Napi::Function::New(env, run_shard));
  exports.Set("prepareThread", Napi::Function::New(env, prepare_thread));
  exports.Set("shardOf", Napi::Function::New(env, shard_of));
  exports.Set("installRestarted", Napi::Function::New(env, install_restarted));
}

}  // namespace hotclick::addon
