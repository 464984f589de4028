/// Functions that send and receive open files; engine/datapath/message-functions.ts has their types.
#pragma once
#include <napi.h>

namespace hotclick::addon {

void define_message_functions(Napi::Env env, Napi::Object exports);

}  // namespace hotclick::addon
