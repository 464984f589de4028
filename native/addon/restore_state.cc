#include "restore_state.hh"

#include <bit>
#include <cstring>

#include "../core/values.hh"
#include "../state/flow_table.hh"

namespace hotclick::addon {
using namespace core;

namespace {

/// A schema from its JSON form (engine/graph/element-class.ts: SchemaInfo).
bool schema_from_js(const Napi::Object& o, SchemaCopy& schema) {
  if (!o.Get("fields").IsArray()) return false;
  schema.version = o.Get("version").As<Napi::Number>().Uint32Value();
  schema.size = o.Get("size").As<Napi::Number>().Uint32Value();
  const auto fields = o.Get("fields").As<Napi::Array>();
  for (uint32_t i = 0; i < fields.Length(); ++i) {
    const auto f = fields.Get(i).As<Napi::Object>();
    Field field;
    field.name = f.Get("name").As<Napi::String>();
    field.type = type_by_name(f.Get("type").As<Napi::String>().Utf8Value());
    field.offset = f.Get("offset").As<Napi::Number>().Uint32Value();
    field.size = f.Get("size").As<Napi::Number>().Uint32Value();
    if (field.type == 0 || field.offset > schema.size || field.size > schema.size - field.offset)
      return false;
    schema.fields.push_back(std::move(field));
  }
  return true;
}

/// A page begins with the bits of its live slots.
uint32_t records_in(const Napi::Uint8Array& page) {
  uint64_t bitmap = 0;
  if (page.ByteLength() >= sizeof(bitmap)) memcpy(&bitmap, page.Data(), sizeof(bitmap));
  return static_cast<uint32_t>(std::popcount(bitmap));
}

}  // namespace

bool static_from_js(const Napi::Object& schema, const Napi::Uint8Array& bytes, RestoredStatic& value) {
  if (!schema_from_js(schema, value.schema) || bytes.ByteLength() != value.schema.size) return false;
  value.data.assign(bytes.Data(), bytes.Data() + bytes.ByteLength());
  return true;
}

bool part_from_js(const TableParts& parts, RestoredPart& part) {
  if (!schema_from_js(parts.key, part.key) || !schema_from_js(parts.value, part.value)) return false;
  for (uint32_t i = 0; i < parts.pages.Length(); ++i) {
    const auto bytes = parts.pages.Get(i).As<Napi::Uint8Array>();
    part.pages.emplace_back(parts.numbers[i],
                            std::vector<uint8_t>(bytes.Data(), bytes.Data() + bytes.ByteLength()));
  }
  return true;
}

bool restore_static(Shard& shard, const std::string& name, const Napi::Object& schema,
                    const Napi::Uint8Array& bytes) {
  RestoredStatic value;
  if (!static_from_js(schema, bytes, value)) return false;
  shard.restored_statics[name] = std::move(value);
  return true;
}

bool restore_table(Shard& shard, const std::string& name, const TableParts& parts, std::string& error) {
  SchemaCopy key, value;
  if (!schema_from_js(parts.key, key) || !schema_from_js(parts.value, value)) {
    error = "a stored table does not fit its schema";
    return false;
  }
  if (parts.is_part) return part_from_js(parts, shard.restored_parts[name].emplace_back());
  const auto numbers = parts.numbers;
  const auto pages = parts.pages;
  uint32_t capacity = 1u << 20;
  uint64_t records = 0;
  for (uint32_t i = 0; i < pages.Length(); ++i) {
    const uint32_t end = (numbers[i] + 1) << FlowTable::publish_shift;
    if (capacity < end) capacity = end;
    records += records_in(pages.Get(i).As<Napi::Uint8Array>());
  }
  const TableLayout layout = TableLayout::of(key, value);
  std::shared_ptr<FlowTable> table = FlowTable::create(name, layout, capacity, error);
  if (!table) return false;
  table->expect(records);
  for (uint32_t i = 0; i < pages.Length(); ++i) {
    const auto bytes = pages.Get(i).As<Napi::Uint8Array>();
    if (table->load_page(numbers[i], bytes.Data(), bytes.ByteLength(), layout, nullptr)) continue;
    error = "page " + std::to_string(numbers[i]) + " of table " + name + " is malformed";
    return false;
  }
  table->finish_load();
  shard.restored_tables[name] = std::move(table);
  return true;
}

}  // namespace hotclick::addon
