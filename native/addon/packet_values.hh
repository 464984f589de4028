/// Packets as JavaScript objects (harness, trace).
#pragma once
#include <napi.h>

#include <hotclick/batch.hpp>

namespace hotclick::addon {

/// Fills a fresh packet from a Uint8Array or { data, paint, … }; false when the frame is too long.
bool packet_from_js(const Napi::Value& value, Packet& packet);
Napi::Object packet_to_js(Napi::Env env, const Packet& packet);

}  // namespace hotclick::addon
