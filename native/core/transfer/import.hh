/// What a new engine goes on with: the regions and devices of another one, in this process's eyes.
///
/// Everything is checked when it is opened, and nothing is changed that the giver still needs. Afterwards a shard
/// finds states by element and name, and devices by kind, name and options, in the place of a predecessor.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "../../io/device.hh"
#include "../node.hh"
#include "../packet_pool.hh"
#include "board.hh"
#include "manifest.hh"

namespace hotclick::core {

/// Counters of an element that another engine runs.
struct ImportedCounters {
  std::shared_ptr<uint8_t> memory;  // as Node::counters
  std::vector<std::string> drops;
};

struct ImportedDevice {
  std::shared_ptr<uint8_t> memory;  // a DeviceMemory
  std::vector<int> files;           // valid as long as the import
};

/// A table without an owner: its records, newest layout first, and where its index was.
struct LostTable {
  std::vector<RecordPart> parts;
  MappedRegion index;
};

class ImportedShard {
 public:
  const std::shared_ptr<StaticArena>& arena() const { return arena_; }
  /// Whether the other engine had an element of that name.
  bool has(const std::string& element) const { return counters_.contains(element); }
  /// Null when there is none. Tables of a crashed engine have to be recovered first, see lost_table().
  StateBinding* state(const std::string& element, const std::string& name);
  const ImportedCounters* counters(const std::string& element) const;
  /// After a crash, once for each table; nullopt when there is nothing to recover.
  std::optional<LostTable> lost_table(const std::string& element, const std::string& name);
  std::map<std::pair<std::string, std::string>, std::shared_ptr<SectionPages>>& sections() {
    return sections_;
  }
  /// Null when there is none, or it was taken.
  const ImportedDevice* device(const std::string& key) const;

 private:
  friend class TransferImport;
  /// The packets of a queue lie in the giver's ring until they are read.
  struct Queue {
    std::shared_ptr<uint8_t> source;
    std::shared_ptr<QueueBlock> target;
  };
  std::shared_ptr<StaticArena> arena_;
  std::map<std::string, StateBinding> states_;
  std::map<std::string, ImportedCounters> counters_;
  std::map<std::string, LostTable> lost_;
  std::map<std::pair<std::string, std::string>, std::shared_ptr<SectionPages>> sections_;
  std::map<std::string, ImportedDevice> devices_;
  std::vector<Queue> queues_;
};

class TransferImport {
 public:
  /// Duplicates what it needs of `fds`. Null with `error` when anything does not fit.
  static std::unique_ptr<TransferImport> open(const TransferManifest& manifest, const std::vector<int>& fds,
                                              bool crashed, std::string& error);
  ~TransferImport();
  TransferImport(const TransferImport&) = delete;
  TransferImport& operator=(const TransferImport&) = delete;

  bool crashed() const { return crashed_; }
  uint32_t attempt() const { return attempt_; }
  uint32_t shards() const { return static_cast<uint32_t>(shards_.size()); }
  ImportedShard& shard(uint32_t i) { return shards_[i]; }
  Board& board() { return board_; }
  /// A pool on the giver's buffers; null with `error`.
  std::unique_ptr<PacketPool> make_pool(std::string& error) const;

  /// When the giver has stopped, or is dead: reads the numbers of tables and the packets that wait, and makes all other
  /// packets free. Allocates nothing. False when a table cannot be read.
  bool read_final(PacketPool& pool, hc_shard& shard);

  // What the shards of one engine have in common while they wait for the giver.
  std::atomic<bool> stop_waiting{false};

 private:
  TransferImport() = default;
  bool open_shard(const ShardTransfer& from, const RevisionTransfer& revision, ImportedShard& to,
                  std::string& error);
  bool open_state(const ElementTransfer& element, const StateTransfer& from, ImportedShard& to,
                  std::string& error);
  bool open_table(const std::string& key, const StateTransfer& from, ImportedShard& to, std::string& error);
  MappedRegion region(int32_t file, uint64_t least) const;
  hc_packet* read_packet(PacketPool& pool, uint64_t pointer);

  bool crashed_ = false;
  uint32_t attempt_ = 0;
  std::vector<int> fds_;  // own duplicates, in the manifest's order
  Board board_;
  PacketTransfer packets_;
  MappedRegion metadata_;
  std::vector<uint64_t> in_use_;  // packets that wait, a bit each
  std::vector<ImportedShard> shards_;
};

}  // namespace hotclick::core
