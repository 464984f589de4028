// The state half of a node: creating it, or sharing it with the instance that is replaced.
#include <cstring>

#include "node.hh"
#include "shard.hh"
#include "transfer/import.hh"

namespace hotclick::core {
namespace {

/// The kind of a state, by its memory: what another engine had has no declaration here.
uint32_t kind_of(const StateBinding& b) {
  return b.block ? HC_STATE_STATIC : b.queue ? HC_STATE_QUEUE : b.section ? HC_STATE_SECTION : HC_STATE_TABLE;
}

}  // namespace

bool Node::bind_states(Shard& shard, Node* old, NodeError& error) {
  states.resize(descriptor->nstates);
  for (uint32_t i = 0; i < descriptor->nstates; ++i) {
    StateBinding& b = states[i];
    b.declaration = &descriptor->states[i];
    b.name = b.declaration->name;
    std::string why;
    if (b.declaration->kind != HC_STATE_QUEUE) b.schema = copy_schema(b.declaration->schema, why);
    if (b.declaration->kind == HC_STATE_TABLE) b.key = copy_schema(b.declaration->key, why);
    StateBinding* before = old              ? old->find_state(b.name)
                           : shard.imported ? shard.imported->state(stored_name_, b.name)
                                            : nullptr;
    if (before && kind_of(*before) != b.declaration->kind) {
      error.message = "HC_STATE_SCHEMA: state '" + b.name + "' changed its kind";
      return false;
    }
    bool good = false;
    switch (b.declaration->kind) {
      case HC_STATE_STATIC:
        good = bind_static(b, shard, before, why);
        break;
      case HC_STATE_TABLE:
        good = bind_table(b, before, why);
        break;
      case HC_STATE_QUEUE:
        good = bind_queue(b, shard, before, why);
        break;
      case HC_STATE_SECTION:
        good = bind_section(b, shard, why);
        break;
      default:
        why = "it is of an unknown kind";
    }
    if (!good) {
      error.message = why.starts_with("HC_") ? why : "state '" + b.name + "': " + why;
      return false;
    }
  }
  return true;
}

std::shared_ptr<Conversion> Node::plan_conversion(StateBinding& b, const SchemaCopy& from,
                                                  std::string& error) {
  const bool upwards = b.schema.version > from.version;
  // Downwards the functions are in the library that is being left, so it stays until the conversion is done.
  Node* old = adopted_from_.get();
  const StateBinding* before = old ? old->find_state(b.name) : nullptr;
  const hc_schema* author = upwards  ? &b.declaration->schema
                            : before ? &before->declaration->schema
                                     : nullptr;
  std::shared_ptr<void> keep =
      upwards || !old ? std::shared_ptr<void>(library_) : std::shared_ptr<void>(old->library_);
  auto conversion = Conversion::plan(from, b.schema, author, upwards, std::move(keep), error);
  if (!conversion) error = "HC_STATE_SCHEMA: state '" + b.name + "' of " + class_name + ": " + error;
  return conversion;
}

/// From the state of this node to the layout `to` of its predecessor, which runs again when the upgrade fails.
std::shared_ptr<Conversion> Node::plan_way_back(const StateBinding& b, const SchemaCopy& to) const {
  const bool downwards = b.schema.version > to.version;
  const Node* old = adopted_from_.get();
  const StateBinding* theirs = nullptr;
  for (uint32_t i = 0; old && i < old->states.size(); ++i) {
    if (old->states[i].name == b.name) theirs = &old->states[i];
  }
  const hc_schema* author = downwards ? &b.declaration->schema
                            : theirs  ? &theirs->declaration->schema
                                      : nullptr;
  std::shared_ptr<void> keep;
  if (author) keep = downwards ? library_ : old->library_;
  return Conversion::plan_back(b.schema, to, author, !downwards, std::move(keep));
}

bool Node::bind_static(StateBinding& b, Shard& shard, StateBinding* old, std::string& error) {
  auto* slot = static_cast<hc_state_slot*>(b.declaration->member(memory_));
  if (old && !beside_ && old->schema == b.schema) {
    b.block = old->block;  // the same memory: there is nothing to do at the swap
  } else {
    b.block = shard.statics()->allocate(b.schema.size);
    if (!b.block) {
      error = "no memory for it";
      return false;
    }
    b.declaration->defaults(b.block.get());
    if (old) {
      auto conversion = plan_conversion(b, old->schema, error);
      if (!conversion) return false;
      changes_.push_back(
          {old, &b, std::move(conversion), nullptr, plan_way_back(b, old->schema), nullptr, {}});
      if (beside_) changes_.back().initial.assign(b.block.get(), b.block.get() + b.schema.size);
    } else if (const RestoredStatic* r = shard.restored_static(stored_name_, b.name)) {
      if (r->schema == b.schema) {
        memcpy(b.block.get(), r->data.data(), r->data.size());
      } else {
        auto conversion = plan_conversion(b, r->schema, error);
        if (!conversion) return false;
        conversion->run(r->data.data(), b.block.get());
      }
    }
  }
  slot->value = b.block.get();
  return true;
}

/// The table of a store that was left in the middle of a conversion: each page is converted from its own layout.
/// Leaves `b.table` null when there is none.
bool Node::load_parts(StateBinding& b, const TableLayout& layout, uint32_t capacity, std::string& error) {
  const auto at = shard_->restored_parts.find(stored_name_ + "/" + b.name);
  if (at == shard_->restored_parts.end()) return true;
  // Records with another key cannot be taken up; the host tells of them.
  std::erase_if(at->second, [&b](const RestoredPart& part) { return !(part.key == b.key); });
  if (at->second.empty()) return true;
  for (const RestoredPart& part : at->second) {
    for (const auto& [page, bytes] : part.pages) {
      if (capacity < (page + 1) << FlowTable::publish_shift)
        capacity = (page + 1) << FlowTable::publish_shift;
    }
  }
  std::shared_ptr<FlowTable> table = FlowTable::create(name + "/" + b.name, layout, capacity, error);
  if (!table) return false;
  for (const RestoredPart& part : at->second) {
    std::shared_ptr<Conversion> conversion;
    if (!(part.value == b.schema)) {
      conversion = plan_conversion(b, part.value, error);
      if (!conversion) return false;
    }
    const TableLayout from = TableLayout::of(part.key, part.value);
    for (const auto& [page, bytes] : part.pages) {
      if (table->load_page(page, bytes.data(), bytes.size(), from, conversion.get())) continue;
      error = "HC_STORE: page " + std::to_string(page) + " of table " + table->name() + " is malformed";
      return false;
    }
  }
  table->finish_load();
  b.table = std::move(table);
  return true;
}

bool Node::bind_table(StateBinding& b, StateBinding* old, std::string& error) {
  auto* slot = static_cast<hc_table_slot*>(b.declaration->member(memory_));
  TableLayout layout = TableLayout::of(b.key, b.schema);
  layout.defaults = b.declaration->defaults;
  if (beside_ && old) {
    // Room for as many slots: in the store this table takes the other one's name.
    const uint32_t room = old->table->max_slots() > slot->capacity ? old->table->max_slots() : slot->capacity;
    b.table = FlowTable::create(name + "/" + b.name, layout, room, error);
    if (!b.table) return false;
  } else if (!old) {
    b.table = shard_->restored_table(stored_name_, b.name);
    if (b.table && !(b.table->layout().key == b.key)) b.table = nullptr;
    if (!b.table && !load_parts(b, layout, slot->capacity, error)) return false;
    if (!b.table) b.table = FlowTable::create(name + "/" + b.name, layout, slot->capacity, error);
    if (!b.table) return false;
  } else {
    if (!(old->key == b.key)) {
      error = "HC_STATE_SCHEMA: the key of table '" + b.name + "' changed; keys cannot be converted";
      return false;
    }
    if (!old->table && !recover_table(b, *old, layout, error)) return false;
    b.table = old->table;
  }
  if (!(b.table->layout().value == b.schema)) {
    if (b.table->converting()) {
      error = "HC_UPGRADE_BUSY: table '" + b.name + "' is still being converted to the layout before";
      return false;
    }
    b.table->take_retired();
    const SchemaCopy from = b.table->layout().value;
    auto conversion = plan_conversion(b, from, error);
    if (!conversion) return false;
    auto prepared = b.table->prepare_layout(layout, std::move(conversion), error);
    if (!prepared) return false;
    changes_.push_back(
        {old, &b, nullptr, std::move(prepared), old ? plan_way_back(b, from) : nullptr, nullptr, {}});
  } else {
    changes_.push_back({beside_ ? nullptr : old, &b, nullptr, nullptr, nullptr, nullptr, {}});  // a new owner
  }
  slot->table = b.table.get();
  return true;
}

/// The table that a crashed engine left, in the layout that this class has if there are records in it, otherwise in the
/// newest; the usual way leads on from there.
bool Node::recover_table(StateBinding& b, StateBinding& lost, const TableLayout& ours, std::string& error) {
  auto found = shard_->imported->lost_table(stored_name_, b.name);
  if (!found) {
    error = "its records are not there";
    return false;
  }
  auto& parts = found->parts;
  const size_t base = parts.size() > 1 && parts[1].layout.value == b.schema ? 1 : 0;
  if (parts[base].layout.value == b.schema) parts[base].layout.defaults = ours.defaults;
  std::shared_ptr<Conversion> conversion;
  if (parts.size() > 1) {
    const SchemaCopy &from = parts[1 - base].layout.value, &to = parts[base].layout.value;
    conversion = to == b.schema
                     ? plan_conversion(b, from, error)
                     : Conversion::plan(from, to, nullptr, to.version > from.version, nullptr, error);
    if (!conversion) return false;
  }
  lost.table =
      FlowTable::recover(name + "/" + b.name, std::move(parts), base, found->index, conversion.get(), error);
  return lost.table != nullptr;
}

bool Node::bind_queue(StateBinding& b, Shard& shard, StateBinding* old, std::string& error) {
  auto* slot = static_cast<hc_queue_slot*>(b.declaration->member(memory_));
  if (slot->capacity == 0 || slot->capacity > 1u << 20) {
    error = "a queue holds from 1 to 1048576 packets";
    return false;
  }
  if (beside_) old = nullptr;
  b.queue = old && old->queue->slots >= slot->capacity ? old->queue
                                                       : QueueBlock::create(*shard.statics(), slot->capacity);
  if (!b.queue) {
    error = "no memory for it";
    return false;
  }
  changes_.push_back({old, &b, nullptr, nullptr, nullptr, nullptr, {}});
  slot->queue = &b.queue->queue();
  return true;
}

bool Node::bind_section(StateBinding& b, Shard& shard, std::string& error) {
  const hc_state& d = *b.declaration;
  auto pages = shard.section(class_name, b.name);
  if (pages && pages->schema == b.schema && pages->pages.size() >= d.section_size) {
    b.section = pages;
    if (pages->pages.map_over(d.section, d.section_size)) return true;
    error = "its pages cannot be mapped";
    return false;
  }
  if (auto pending = shard.pending_section(class_name, b.name)) {  // another instance of the class was first
    b.section = std::move(pending);
    return true;
  }
  b.section = std::make_shared<SectionPages>();
  b.section->schema = b.schema;
  b.section->pages = MappedRegion::create(("hotclick-section-" + class_name).c_str(), d.section_size);
  if (!b.section->pages.ok()) {
    error = "no memory for it";
    return false;
  }
  memcpy(b.section->pages.data(), d.section, d.section_size);
  if (!b.section->pages.map_over(d.section, d.section_size)) {
    error = "its pages cannot be mapped";
    return false;
  }
  if (pages) {
    auto conversion = plan_conversion(b, pages->schema, error);
    if (!conversion) return false;
    auto back = plan_way_back(b, pages->schema);
    changes_.push_back({nullptr, &b, std::move(conversion), nullptr, std::move(back), std::move(pages), {}});
  } else if (const RestoredStatic* r = shard.restored_static(class_name, b.name)) {
    if (r->schema == b.schema) {
      memcpy(b.section->pages.data(), r->data.data(), r->data.size());
    } else {
      auto conversion = plan_conversion(b, r->schema, error);
      if (!conversion) return false;
      conversion->run(r->data.data(), b.section->pages.data());
    }
  }
  shard.add_pending_section(class_name, b.name, b.section);
  return true;
}

/// Drops go on counting where the reasons still exist. Found out before the swap, which only adds numbers up.
void Node::match_drops(const Node* old) {
  const ImportedCounters* imported =
      !old && shard_->imported ? shard_->imported->counters(stored_name_) : nullptr;
  if (!old && !imported) return;
  counters_before_ = old ? old->counters : imported->memory;
  const auto count = static_cast<uint32_t>(old ? old->descriptor->ndrops : imported->drops.size());
  for (uint32_t i = 0; i < descriptor->ndrops; ++i) {
    for (uint32_t k = 0; k < count; ++k) {
      const char* theirs = old ? old->descriptor->drops[k].name : imported->drops[k].c_str();
      if (strcmp(descriptor->drops[i].name, theirs) == 0) same_drops_.emplace_back(i, k);
    }
  }
}

void Node::find_queues_left() {
  if (!adopted_from_ || beside_) return;
  for (const StateBinding& b : adopted_from_->states) {
    if (b.queue && !find_state(b.name)) queues_left_.push_back(&b.queue->queue());
  }
}

}  // namespace hotclick::core
