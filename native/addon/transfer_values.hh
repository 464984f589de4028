/// Manifests of transfers as JavaScript objects.
#pragma once
#include <napi.h>

#include "../core/transfer/manifest.hh"

namespace hotclick::addon {

Napi::Object manifest_to_js(Napi::Env env, core::TransferManifest& manifest);
/// Members that are missing or of another type are left as they are: whoever uses the manifest checks it.
core::TransferManifest manifest_from_js(const Napi::Value& value);

}  // namespace hotclick::addon
