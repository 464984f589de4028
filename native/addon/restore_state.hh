/// State that JavaScript has as bytes with their schemas, on its way into a shard that does not run yet.
#pragma once
#include <napi.h>

#include <string>

#include "../core/shard.hh"

namespace hotclick::addon {

/// The value of a static state. False when it does not fit its schema.
bool static_from_js(const Napi::Object& schema, const Napi::Uint8Array& bytes, core::RestoredStatic& value);
bool restore_static(core::Shard& shard, const std::string& name, const Napi::Object& schema,
                    const Napi::Uint8Array& bytes);

/// What is restored of a table.
struct TableParts {
  Napi::Object key, value;    // schemas
  Napi::Uint32Array numbers;  // of the pages
  Napi::Array pages;          // packed as engine/state/state-page.ts describes
  bool is_part = false;       // there are pages in other layouts too: the table is made with its element
};
/// False when they do not fit their schemas.
bool part_from_js(const TableParts& parts, core::RestoredPart& part);
/// False with `error` set when the pages do not fit what they say.
bool restore_table(core::Shard& shard, const std::string& name, const TableParts& parts, std::string& error);

}  // namespace hotclick::addon
