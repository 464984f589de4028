/// Errors on their way to JavaScript: an Error whose `code` is one of engine/errors.ts.
#pragma once
#include <napi.h>

#include <string>

namespace hotclick::addon {

inline Napi::Value make_error(Napi::Env env, const char* code, const std::string& message) {
  auto error = Napi::Error::New(env, message);
  error.Set("code", Napi::String::New(env, code));
  return error.Value();
}

inline Napi::Value throw_error(Napi::Env env, const char* code, const std::string& message) {
  Napi::Error(env, make_error(env, code, message)).ThrowAsJavaScriptException();
  return env.Undefined();
}

/// Takes a code that stands before the message ("HC_LIBRARY: …"), or else `fallback`.
inline Napi::Value throw_prefixed(Napi::Env env, const char* fallback, const std::string& message) {
  const size_t colon = message.find(": ");
  if (message.rfind("HC_", 0) == 0 && colon != std::string::npos) {
    return throw_error(env, message.substr(0, colon).c_str(), message.substr(colon + 2));
  }
  return throw_error(env, fallback, message);
}

}  // namespace hotclick::addon
