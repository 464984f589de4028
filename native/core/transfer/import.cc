#include "import.hh"

#include <fcntl.h>
#include <unistd.h>

#include <new>

namespace hotclick::core {
namespace {

std::string check(const TransferManifest& m, size_t fds) {
  if (m.format != transfer_format)
    return "it has format " + std::to_string(m.format) + ", this engine reads format " +
           std::to_string(transfer_format);
  for (const auto& [name, size] : transfer_sizes()) {
    const auto at = m.sizes.find(name);
    if (at == m.sizes.end() || at->second != size)
      return "structures of another size lie in it (" + name + ")";
  }
  if (m.files.size() != fds)
    return "it speaks of " + std::to_string(m.files.size()) + " descriptors, and there are " +
           std::to_string(fds);
  if (m.shards == 0 || m.shards != m.per_shard.size()) return "its shards are not all described";
  return "";
}

bool is_sound(const SchemaCopy& schema) {
  for (const Field& f : schema.fields) {
    if (f.type == 0 || f.size == 0 || f.offset > schema.size || f.size > schema.size - f.offset) return false;
  }
  return true;
}

}  // namespace

std::map<std::string, uint64_t> transfer_sizes() {
  return {{"packet", sizeof(hc_packet)},    {"buffer", HC_BUFFER_SIZE},
          {"headroom", HC_HEADROOM},        {"record", sizeof(hc_record)},
          {"queue", sizeof(hc_queue)},      {"tableHead", sizeof(TableHead)},
          {"firstIndex", first_index_size}, {"device", sizeof(io::DeviceMemory)}};
}

std::unique_ptr<TransferImport> TransferImport::open(const TransferManifest& manifest,
                                                     const std::vector<int>& fds, bool crashed,
                                                     std::string& error) {
  error = check(manifest, fds.size());
  if (!error.empty()) {
    error = "HC_TRANSFER: the description cannot be used: " + error;
    return nullptr;
  }
  std::unique_ptr<TransferImport> import(new (std::nothrow) TransferImport());
  if (!import) return nullptr;
  import->crashed_ = crashed;
  import->attempt_ = manifest.attempt;
  for (const int fd : fds) {
    import->fds_.push_back(fcntl(fd, F_DUPFD_CLOEXEC, 3));
    if (import->fds_.back() >= 0) continue;
    error = "HC_TRANSFER: descriptor " + std::to_string(fd) + " is not open";
    return nullptr;
  }
  const auto file = [&](int32_t n) {
    return n >= 0 && static_cast<size_t>(n) < fds.size() ? import->fds_[n] : -1;
  };
  import->board_ = Board::adopt(file(manifest.board), manifest.shards);
  import->packets_ = manifest.packets;
  const uint64_t count = manifest.packets.count;
  import->metadata_ = MappedRegion::adopt(file(manifest.packets.metadata), count * sizeof(hc_packet));
  if (!import->board_.ok() || !import->metadata_.ok() || count == 0) {
    error = "HC_TRANSFER: the packets or the board are missing";
    return nullptr;
  }
  import->in_use_.resize(count / 64 + 1);
  import->shards_.resize(manifest.shards);
  for (uint32_t i = 0; i < manifest.shards; ++i) {
    const ShardTransfer& from = manifest.per_shard[i];
    const uint32_t installed = import->board_.revision(i).load(std::memory_order_acquire);
    const RevisionTransfer* revision = nullptr;
    for (const RevisionTransfer& r : from.revisions) {
      if (r.revision == installed) revision = &r;
    }
    if (!revision) {
      error = "HC_TRANSFER: shard " + std::to_string(i) + " runs revision " + std::to_string(installed) +
              ", which is not described";
      return nullptr;
    }
    if (!import->open_shard(from, *revision, import->shards_[i], error)) {
      error = "HC_TRANSFER: shard " + std::to_string(i) + ": " + error;
      return nullptr;
    }
  }
  return import;
}

TransferImport::~TransferImport() {
  for (const int fd : fds_) {
    if (fd >= 0) close(fd);
  }
}

MappedRegion TransferImport::region(int32_t file, uint64_t least) const {
  if (file < 0 || static_cast<size_t>(file) >= fds_.size()) return {};
  MappedRegion r = MappedRegion::adopt(fds_[static_cast<size_t>(file)], least);
  if (r.ok()) r.populate();
  return r;
}

std::unique_ptr<PacketPool> TransferImport::make_pool(std::string& error) const {
  const int32_t file = packets_.buffers;
  std::unique_ptr<PacketPool> pool;
  if (file >= 0 && static_cast<size_t>(file) < fds_.size())
    pool = PacketPool::adopt(packets_.count, fds_[static_cast<size_t>(file)]);
  if (pool)
    pool->buffers().populate();
  else
    error = "HC_TRANSFER: the packets cannot be mapped";
  return pool;
}

bool TransferImport::open_shard(const ShardTransfer& from, const RevisionTransfer& revision,
                                ImportedShard& to, std::string& error) {
  if (from.arena >= 0 && static_cast<size_t>(from.arena) < fds_.size())
    to.arena_ = StaticArena::adopt(fds_[static_cast<size_t>(from.arena)], from.blocks);
  if (!to.arena_) {
    error = "its arena cannot be mapped";
    return false;
  }
  to.arena_->region().populate();
  for (const ElementTransfer& e : revision.elements) {
    auto counters = to.arena_->share(e.counters_at, (1 + e.drops.size()) * sizeof(uint64_t));
    if (!counters) {
      error = "the counters of " + e.name + " lie outside";
      return false;
    }
    to.counters_[e.name] = {std::move(counters), e.drops};
    for (const StateTransfer& s : e.states) {
      if (open_state(e, s, to, error)) continue;
      error = "state '" + s.name + "' of " + e.name + ": " + error;
      return false;
    }
  }
  for (const SectionTransfer& s : revision.sections) {
    auto pages = std::make_shared<SectionPages>();
    pages->schema = s.schema;
    pages->pages = region(s.file, s.schema.size);
    if (!pages->pages.ok() || !is_sound(s.schema)) {
      error = "the section of class " + s.class_name + " cannot be mapped";
      return false;
    }
    to.sections_[{s.class_name, s.name}] = std::move(pages);
  }
  for (const DeviceTransfer& d : from.devices) {
    ImportedDevice device{to.arena_->share(d.at, sizeof(io::DeviceMemory)), {}};
    for (const int32_t n : d.files)
      device.files.push_back(n >= 0 && static_cast<size_t>(n) < fds_.size() ? fds_[static_cast<size_t>(n)]
                                                                            : -1);
    if (!device.memory) {
      error = "device " + d.name + " lies outside";
      return false;
    }
    to.devices_[d.kind + ' ' + d.name + ' ' + d.options] = std::move(device);
  }
  return true;
}

bool TransferImport::open_state(const ElementTransfer& element, const StateTransfer& from, ImportedShard& to,
                                std::string& error) {
  const std::string key = element.name + '/' + from.name;
  StateBinding& b = to.states_[key];
  b.name = from.name;
  b.schema = from.schema;
  b.key = from.key;
  if (!is_sound(from.schema) || !is_sound(from.key)) {
    error = "its schema is not sound";
    return false;
  }
  if (from.kind == "table") return open_table(key, from, to, error);
  if (from.kind == "static") {
    b.block = to.arena_->share(from.at, from.schema.size);
  } else if (from.kind == "queue") {
    ImportedShard::Queue queue;
    const auto* head = reinterpret_cast<const hc_queue*>(to.arena_->look(from.at, sizeof(hc_queue)));
    const uint64_t slots = head && from.at % 64 == 0 ? uint64_t{head->mask} + 1 : 0;
    if (slots >= 2 && slots <= 1u << 20) {
      queue.source = to.arena_->share(from.at, QueueBlock::bytes(static_cast<uint32_t>(slots)));
      queue.target = QueueBlock::create(*to.arena_, static_cast<uint32_t>(slots));
    }
    if (queue.source) b.queue = queue.target;
    to.queues_.push_back(std::move(queue));
  } else {
    error = "it is of an unknown kind";
    return false;
  }
  if (!b.block && !b.queue) error = "it lies outside the arena";
  return b.block || b.queue;
}

bool TransferImport::open_table(const std::string& key, const StateTransfer& from, ImportedShard& to,
                                std::string& error) {
  const TableLayout layout = TableLayout::of(from.key, from.schema);
  MappedRegion records = region(from.records, 0), index = region(from.index, sizeof(TableHead));
  if (!records.ok() || !index.ok() || from.key.size == 0 || from.key.size % 4 != 0) {
    error = "its memory is missing";
    return false;
  }
  if (!crashed_) {
    if (from.old_records >= 0) {
      error = "its records are still being converted";
      return false;
    }
    to.states_[key].table =
        FlowTable::adopt(key, layout, from.layout, std::move(records), std::move(index), error);
    return to.states_[key].table != nullptr;
  }
  LostTable lost;
  lost.parts.push_back({std::move(records), layout, from.layout});
  if (from.old_records >= 0) {
    MappedRegion old = region(from.old_records, 0);
    if (!old.ok() || !is_sound(from.old_schema)) {
      error = "the records of its former layout are missing";
      return false;
    }
    lost.parts.push_back({std::move(old), TableLayout::of(from.key, from.old_schema), from.old_layout});
  }
  lost.index = std::move(index);
  to.lost_[key] = std::move(lost);
  return true;
}

StateBinding* ImportedShard::state(const std::string& element, const std::string& name) {
  const auto at = states_.find(element + '/' + name);
  return at == states_.end() ? nullptr : &at->second;
}

const ImportedCounters* ImportedShard::counters(const std::string& element) const {
  const auto at = counters_.find(element);
  return at == counters_.end() ? nullptr : &at->second;
}

std::optional<LostTable> ImportedShard::lost_table(const std::string& element, const std::string& name) {
  const auto at = lost_.find(element + '/' + name);
  if (at == lost_.end()) return std::nullopt;
  std::optional<LostTable> lost(std::move(at->second));
  lost_.erase(at);
  return lost;
}

const ImportedDevice* ImportedShard::device(const std::string& key) const {
  const auto at = devices_.find(key);
  return at == devices_.end() ? nullptr : &at->second;
}

}  // namespace hotclick::core
