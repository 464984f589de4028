/// What an engine tells of its memory and devices so that another can go on with them. Plain data; the same
/// structures are in engine/datapath/transfer.ts, which explains their members. Nothing in a manifest is believed before it
/// was checked.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "../../state/schema.hh"
#include "../../state/static_arena.hh"

namespace hotclick::core {

/// Of these structures and of everything they point at.
inline constexpr uint32_t transfer_format = 1;

struct FileTransfer {
  std::string id, name;
  uint64_t bytes = 0;
};

struct PacketTransfer {
  uint32_t count = 0;
  int32_t buffers = -1, metadata = -1;
  uint64_t metadata_at = 0;
};

struct StateTransfer {
  std::string name, kind;
  SchemaCopy schema, key;
  uint64_t at = 0;
  int32_t records = -1, index = -1;
  uint32_t layout = 0;
  int32_t old_records = -1;
  uint32_t old_layout = 0;
  SchemaCopy old_schema;
};

struct ElementTransfer {
  std::string name, class_name, version;
  std::vector<std::string> drops;
  uint64_t counters_at = 0;
  std::vector<StateTransfer> states;
};

struct SectionTransfer {
  std::string class_name, name;
  SchemaCopy schema;
  int32_t file = -1;
};

struct RevisionTransfer {
  uint32_t revision = 0;
  std::vector<ElementTransfer> elements;
  std::vector<SectionTransfer> sections;
};

struct DeviceTransfer {
  std::string kind, name, options;
  uint64_t at = 0;
  std::vector<int32_t> files;
};

struct ShardTransfer {
  int32_t arena = -1;
  ArenaPlan blocks;
  std::vector<RevisionTransfer> revisions;
  std::vector<DeviceTransfer> devices;
};

struct TransferManifest {
  uint32_t format = 0, abi = 0, shards = 0;
  std::map<std::string, uint64_t> sizes;
  std::vector<FileTransfer> files;
  int32_t board = -1;
  uint32_t attempt = 0;
  PacketTransfer packets;
  std::vector<ShardTransfer> per_shard;
};

/// Sizes that both engines must agree on.
std::map<std::string, uint64_t> transfer_sizes();

}  // namespace hotclick::core
