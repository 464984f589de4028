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

/// The shard that a thread is for.
struct Place {
  std::shared_ptr<EngineCore> engine;
  Shard& shard;
};

/// What V8 and Node-API put on the stack between the JavaScript function that calls us and this one is less than half
/// of it.
constexpr size_t words_of_way_out = 128;

/// enter(rehearsal): installs the graph that the shard left its loop for, if it did, and runs the loop. True when it is
/// to be entered again, false when it was stopped. A rehearsal only takes the way there and back.
///
/// All of it is part of the break of a thread restart, where little is in the caches: so no C++ wrapper, no look-up, no
/// string.
napi_value enter(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value rehearsal;
  void* place;
  napi_get_cb_info(env, info, &count, &rehearsal, nullptr, &place);
  bool again = false;
  napi_get_value_bool(env, rehearsal, &again);
  if (!again) {
    Shard& shard = static_cast<Place*>(place)->shard;
    // Each frame above has an address to go on at and pointers to what it works with.
    shard.set_way_out({static_cast<const void* const*>(__builtin_frame_address(0)), words_of_way_out});
    // Only a swap leaves the loop for a restart.
    if (Command* command = shard.active_command())
      static_cast<SwapCommand*>(command)->install_restarted(shard);
    again = shard.run() == Leave::restart;
  }
  napi_value result;
  napi_get_boolean(env, again, &result);
  return result;
}

/// shardEntry(engine, shard): the function `enter` of a shard.
Napi::Value shard_entry(const Napi::CallbackInfo& info) {
  const auto engine = find_engine(info[0].As<Napi::Number>().Uint32Value());
  const uint32_t shard = info[1].As<Napi::Number>().Uint32Value();
  if (!engine || shard >= engine->shards()) return throw_error(info.Env(), "HC_INTERNAL", "no such shard");
  auto place = std::make_unique<Place>(Place{engine, engine->shard(shard)});
  napi_value function;
  if (napi_create_function(info.Env(), "enter", NAPI_AUTO_LENGTH, enter, place.get(), &function) != napi_ok)
    return throw_error(info.Env(), "HC_INTERNAL", "no function to enter a shard with");
  auto result = Napi::Function(info.Env(), function);
  result.AddFinalizer([](Napi::Env, Place* p) { delete p; }, place.release());
  return result;
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
  exports.Set("shardEntry", Napi::Function::New(env, shard_entry));
  exports.Set("prepareThread", Napi::Function::New(env, prepare_thread));
  exports.Set("shardOf", Napi::Function::New(env, shard_of));
}

}  // namespace hotclick::addon
