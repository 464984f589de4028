/// Undeclared statics between JavaScript and the core.
#pragma once
#include <napi.h>

#include "../core/library.hh"

namespace hotclick::addon {

/// 'mapped' (also when it is left out), 'symbols' or 'compiled'.
core::Statics statics_from_js(const Napi::Value& value);

/// describeStatics(path) → bytes of the section that tells the layout of a library's undeclared statics, or null when
/// it has none. Reads the file only.
Napi::Value describe_statics(const Napi::CallbackInfo& info);

}  // namespace hotclick::addon
