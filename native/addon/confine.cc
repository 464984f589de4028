// A process in which new code is tried: it must not outlive its parent, nor run for ever, nor leave a core file.
#include <napi.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "engine_object.hh"

namespace hotclick::addon {
namespace {

/// confine(seconds): of processor time, for all that the process will do.
Napi::Value confine(const Napi::CallbackInfo& info) {
  const rlim_t seconds = info[0].As<Napi::Number>().Uint32Value();
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const rlimit no_core{0, 0}, time{seconds, seconds};
  setrlimit(RLIMIT_CORE, &no_core);
  setrlimit(RLIMIT_CPU, &time);
  return info.Env().Undefined();
}

}  // namespace

void define_confine(Napi::Env env, Napi::Object exports) {
  exports.Set("confine", Napi::Function::New(env, confine));
}

}  // namespace hotclick::addon
