#include "export.hh"

#include <sys/stat.h>

#include <map>

#include "../../io/device.hh"

namespace hotclick::core {
namespace {

class Exporter {
 public:
  Exporter(EngineCore& engine, ExportFor whom) : engine_(engine), whom_(whom) {}

  ExportedEngine run() {
    TransferManifest& m = out_.manifest;
    m.format = transfer_format;
    m.abi = HC_ABI_VERSION;
    m.shards = engine_.shards();
    m.sizes = transfer_sizes();
    m.board = region(engine_.board().region(), "board");
    m.attempt = whom_ == ExportFor::successor ? engine_.board().new_attempt() : engine_.board().attempt();
    const PacketPool& pool = engine_.pool();
    m.packets = {pool.size(), region(pool.buffers(), "packet buffers"),
                 region(pool.metadata(), "packet metadata"),
                 reinterpret_cast<uintptr_t>(pool.metadata().data())};
    for (uint32_t i = 0; i < engine_.shards(); ++i) m.per_shard.push_back(describe(i));
    return std::move(out_);
  }

 private:
  int32_t file(int fd, const char* name, uint64_t bytes) {
    if (fd < 0) return -1;
    const auto known = numbers_.find(fd);
    if (known != numbers_.end()) return known->second;
    struct stat about = {};
    if (fstat(fd, &about) != 0) return -1;
    const auto number = static_cast<int32_t>(out_.fds.size());
    out_.fds.push_back(fd);
    out_.manifest.files.push_back(
        {std::to_string(about.st_dev) + ':' + std::to_string(about.st_ino), name, bytes});
    numbers_[fd] = number;
    return number;
  }
  int32_t region(const MappedRegion& r, const char* name) {
    return file(r.ok() ? r.fd() : -1, name, r.size());
  }

  ShardTransfer describe(uint32_t index) {
    Shard& shard = engine_.shard(index);
    ShardTransfer s;
    s.arena = region(shard.statics()->region(), "arena");
    s.blocks = shard.statics()->plan();
    const auto& running = shard.known_graph();
    if (running) s.revisions.push_back(describe(shard, *running));
    const auto prepared =
        index < engine_.last_prepared().size() ? engine_.last_prepared()[index].lock() : nullptr;
    if (prepared && prepared != running) s.revisions.push_back(describe(shard, *prepared));
    for (const Shard::OpenDevice& d : shard.devices()) {
      DeviceTransfer& device = s.devices.emplace_back();
      device = {d.kind, d.name, d.options, shard.statics()->offset_of(d.memory.get()), {}};
      for (const int fd : d.device->files(*d.device)) device.files.push_back(file(fd, d.name.c_str(), 0));
    }
    return s;
  }

  RevisionTransfer describe(Shard& shard, const ShardGraph& graph) {
    RevisionTransfer r;
    r.revision = graph.revision;
    for (uint32_t n = 0; n < graph.nodes().size(); ++n) {
      const auto& node = graph.nodes()[n];
      ElementTransfer& e = r.elements.emplace_back();
      e.name = graph.name_of(n);
      e.class_name = node->class_name;
      e.version = node->version;
      for (uint32_t i = 0; i < node->descriptor->ndrops; ++i)
        e.drops.push_back(node->descriptor->drops[i].name);
      e.counters_at = shard.statics()->offset_of(node->counters.get());
      for (const StateBinding& b : node->states) {
        if (!b.section)
          e.states.push_back(describe(shard, *node, b));
        else if (!has_section(r, node->class_name, b.name))
          r.sections.push_back({node->class_name, b.name, b.schema, region(b.section->pages, "section")});
      }
    }
    return r;
  }

  static bool has_section(const RevisionTransfer& r, const std::string& class_name, const std::string& name) {
    for (const SectionTransfer& s : r.sections) {
      if (s.class_name == class_name && s.name == name) return true;
    }
    return false;
  }

  StateTransfer describe(Shard& shard, const Node& node, const StateBinding& b) {
    StateTransfer s;
    s.name = b.name;
    s.schema = b.schema;
    if (b.block || b.queue) {
      s.kind = b.block ? "static" : "queue";
      s.at = shard.statics()->offset_of(b.block ? b.block.get() : b.queue->memory.get());
      return s;
    }
    const FlowTable& t = *b.table;
    s.kind = "table";
    s.key = b.key;
    s.index = region(t.index_region(), "index");
    const auto* running = static_cast<const hc_table*>(&t);
    if (const PreparedLayout* coming = node.installed ? nullptr : node.coming_layout(b)) {
      s.records = region(coming->records, "records");
      s.layout = FlowTable::number_after(running->layout);
      s.old_records = region(t.record_region(), "records");
      s.old_layout = running->layout;
      s.old_schema = t.layout().value;
      return s;
    }
    // The element may have been prepared for another layout than the table has now.
    s.schema = t.layout().value;
    s.records = region(t.record_region(), "records");
    s.layout = running->layout;
    if (t.old_record_region().ok()) {
      s.old_records = region(t.old_record_region(), "records");
      s.old_layout = t.old_number();
      s.old_schema = t.old_layout().value;
    }
    return s;
  }

  EngineCore& engine_;
  ExportFor whom_;
  ExportedEngine out_;
  std::map<int, int32_t> numbers_;
};

}  // namespace

ExportedEngine export_engine(EngineCore& engine, ExportFor whom) {
  return Exporter(engine, whom).run();
}

}  // namespace hotclick::core
