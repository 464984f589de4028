/// Addresses found in state, for JavaScript.
#pragma once
#include <napi.h>

#include <vector>

#include "../core/state_pointers.hh"

namespace hotclick::addon {

inline Napi::Array state_pointers_to_js(Napi::Env env, const std::vector<core::StatePointer>& found) {
  auto list = Napi::Array::New(env, found.size());
  for (uint32_t i = 0; i < found.size(); ++i) {
    const core::StatePointer& p = found[i];
    auto o = Napi::Object::New(env);
    o.Set("element", p.element);
    o.Set("state", p.state);
    o.Set("offset", p.offset);
    o.Set("field", p.field);
    o.Set("target", p.target);
    o.Set("inLibrary", p.in_library);
    o.Set("records", static_cast<double>(p.records));
    list.Set(i, o);
  }
  return list;
}

}  // namespace hotclick::addon
