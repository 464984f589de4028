/// The members of a manifest by name, for whoever reads or writes them: `v` is called as v("name", member) for each.
#pragma once
#include "manifest.hh"

namespace hotclick::core {

template <class V>
void fields(V& v, Field& f) {
  v("name", f.name);
  v.type("type", f.type);
  v("offset", f.offset);
  v("size", f.size);
}
template <class V>
void fields(V& v, SchemaCopy& s) {
  v("version", s.version);
  v("size", s.size);
  v("fields", s.fields);
}
template <class V>
void fields(V& v, FileTransfer& f) {
  v("id", f.id);
  v("name", f.name);
  v("bytes", f.bytes);
}
template <class V>
void fields(V& v, PacketTransfer& p) {
  v("count", p.count);
  v("buffers", p.buffers);
  v("metadata", p.metadata);
  v("metadataAt", p.metadata_at);
}
template <class V>
void fields(V& v, StateTransfer& s) {
  v("name", s.name);
  v("kind", s.kind);
  v("schema", s.schema);
  v("key", s.key);
  v("at", s.at);
  v("records", s.records);
  v("index", s.index);
  v("layout", s.layout);
  v("oldRecords", s.old_records);
  v("oldLayout", s.old_layout);
  v("oldSchema", s.old_schema);
}
template <class V>
void fields(V& v, ElementTransfer& e) {
  v("name", e.name);
  v("className", e.class_name);
  v("version", e.version);
  v("drops", e.drops);
  v("countersAt", e.counters_at);
  v("states", e.states);
}
template <class V>
void fields(V& v, SectionTransfer& s) {
  v("className", s.class_name);
  v("name", s.name);
  v("schema", s.schema);
  v("file", s.file);
}
template <class V>
void fields(V& v, RevisionTransfer& r) {
  v("revision", r.revision);
  v("elements", r.elements);
  v("sections", r.sections);
}
template <class V>
void fields(V& v, DeviceTransfer& d) {
  v("kind", d.kind);
  v("name", d.name);
  v("options", d.options);
  v("at", d.at);
  v("files", d.files);
}
template <class V>
void fields(V& v, ShardTransfer& s) {
  v("arena", s.arena);
  v("used", s.blocks.used);
  v("free", s.blocks.free);
  v("revisions", s.revisions);
  v("devices", s.devices);
}
template <class V>
void fields(V& v, TransferManifest& m) {
  v("format", m.format);
  v("abi", m.abi);
  v("shards", m.shards);
  v("sizes", m.sizes);
  v("files", m.files);
  v("board", m.board);
  v("attempt", m.attempt);
  v("packets", m.packets);
  v("perShard", m.per_shard);
}

}  // namespace hotclick::core
