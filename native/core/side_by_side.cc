#include "side_by_side.hh"

#include <cstring>
#include <utility>

#include "node.hh"
#include "swap_code.hh"

namespace hotclick::core {
namespace {

const std::vector<Node*> none;

void push_to(const Node& version, uint32_t port, hc_batch& batch) {
  version.descriptor->push(version.instance.object, port, &batch);
  batch.count = 0;
}

/// The two fields of one name that count in both versions; null where there are none.
const hc_field* counterpart(const hc_field& field, const hc_schema& other) {
  if (field.merge != HC_MERGE_SUM || field.size > 8) return nullptr;
  for (uint32_t i = 0; i < other.nfields; ++i) {
    const hc_field& f = other.fields[i];
    if (strcmp(f.name, field.name) != 0 || f.merge != HC_MERGE_SUM || f.size > 8) continue;
    return (f.type == HC_F64) == (field.type == HC_F64) ? &f : nullptr;
  }
  return nullptr;
}

template <class T>
T value_at(const uint8_t* at, uint32_t size) {
  T value = 0;
  memcpy(&value, at, size);  // little-endian hosts only, as the engine is
  return value;
}

}  // namespace

void SideBySide::Dispatcher::push(void* object, uint32_t port, hc_batch* batch) {
  const auto* d = static_cast<Dispatcher*>(object);
  for (Node* version : d->older) {
    take_known(*version, port, *batch);
    if (batch->count == 0) return;
  }
  push_to(*d->newest, port, *batch);
}

void SideBySide::Dispatcher::take_known(Node& version, uint32_t port, hc_batch& batch) {
  uint8_t known[HC_BATCH_CAPACITY];
  version.descriptor->knows(version.instance.object, port, &batch, known);
  uint32_t count = 0;
  for (uint32_t i = 0; i < batch.count; ++i) count += known[i] != 0;
  if (count == 0) return;
  if (count == batch.count) return push_to(version, port, batch);
  hc_batch taken;
  taken.count = 0;
  uint32_t kept = 0;
  for (uint32_t i = 0; i < batch.count; ++i) {
    if (known[i])
      taken.packets[taken.count++] = batch.packets[i];
    else
      batch.packets[kept++] = batch.packets[i];
  }
  batch.count = kept;
  push_to(version, port, taken);
}

SideBySide::Dispatcher* SideBySide::find(const Node& newest) const {
  for (const auto& d : dispatchers_) {
    if (d->newest == &newest) return d.get();
  }
  return nullptr;
}

hc_push_edge SideBySide::entry(const Node& node, uint32_t port) {
  if (Dispatcher* d = find(node)) return {Dispatcher::push, d, port, 0};
  return {node.descriptor->push, node.instance.object, port, 0};
}

const std::vector<Node*>& SideBySide::older(const Node& newest) const {
  const Dispatcher* d = find(newest);
  return d ? d->older : none;
}

bool SideBySide::add(Node& older, Node& newest, bool moves, bool begins, std::string& error) {
  if (!older.descriptor->knows || !older.descriptor->push || !newest.descriptor->push) {
    error = "HC_PINNING: " + older.class_name + " " + older.version + " cannot tell which packets it knows";
    return false;
  }
  Dispatcher* d = find(newest);
  if (!d) {
    dispatchers_.push_back(std::make_unique<Dispatcher>(Dispatcher{&newest, {}}));
    d = dispatchers_.back().get();
  }
  d->older.push_back(&older);
  for (StateBinding& now : newest.states) {
    StateBinding* before = now.table ? older.find_state(now.name) : nullptr;
    if (!before || !before->table) continue;
    if (!(before->key == now.key)) {
      error = "HC_STATE_SCHEMA: the key of table '" + now.name + "' changed; keys cannot be converted";
      return false;
    }
    Namesakes* names = nullptr;
    for (const auto& n : namesakes_) {
      if (n->newest == now.table.get()) names = n.get();
    }
    if (!names) {
      namesakes_.push_back(std::make_unique<Namesakes>(Namesakes{now.table.get(), {}, false}));
      names = namesakes_.back().get();
    }
    names->older.push_back(before->table.get());
    names->begins = begins;
  }
  if (begins) plan_return(older, newest);
  return !moves || plan_moves(older, newest, error);
}

bool SideBySide::plan_moves(Node& older, Node& newest, std::string& error) {
  for (StateBinding& from : older.states) {
    if (!from.table) continue;
    StateBinding* to = newest.find_state(from.name);
    std::shared_ptr<Conversion> conversion;
    if (to && to->table && !(from.schema == to->schema)) {
      const bool upwards = to->schema.version > from.schema.version;
      Node& author = upwards ? newest : older;
      conversion = Conversion::plan(from.schema, to->schema, &(upwards ? *to : from).declaration->schema,
                                    upwards, std::shared_ptr<void>(author.share_library()), error);
      if (!conversion) {
        error = "HC_STATE_SCHEMA: state '" + from.name + "' of " + newest.class_name + ": " + error;
        return false;
      }
    }
    movers_.emplace_back(*from.table, to ? to->table.get() : nullptr, std::move(conversion));
  }
  return true;
}

void SideBySide::plan_sums(const Node& from, const Node& to, std::vector<Sum>& sums) {
  for (const StateBinding& here : to.states) {
    if (!here.block) continue;
    for (const StateBinding& there : from.states) {
      if (there.name != here.name || !there.block) continue;
      const hc_schema& schema = here.declaration->schema;
      for (uint32_t i = 0; i < schema.nfields; ++i) {
        const hc_field& field = schema.fields[i];
        const hc_field* other = counterpart(field, there.declaration->schema);
        if (!other) continue;
        sums.push_back({here.block.get() + field.offset, there.block.get() + other->offset, field.size,
                        other->size, field.type == HC_F64});
      }
    }
  }
  const auto count = [&sums](uint64_t& into, const uint64_t& value) {
    sums.push_back({reinterpret_cast<uint8_t*>(&into), reinterpret_cast<const uint8_t*>(&value), sizeof(into),
                    sizeof(value), false});
  };
  for (uint32_t i = 0; i < to.descriptor->ndrops; ++i) {
    for (uint32_t k = 0; k < from.descriptor->ndrops; ++k) {
      if (strcmp(to.descriptor->drops[i].name, from.descriptor->drops[k].name) == 0)
        count(to.drops()[i], from.drops()[k]);
    }
  }
  count(to.unconnected(), from.unconnected());
}

void SideBySide::end(Node& older, Node& newest) {
  plan_sums(older, newest, sums_);
}

/// What brings back to `older` what `newest` has begun beside it.
void SideBySide::plan_return(Node& older, Node& newest) {
  for (StateBinding& from : newest.states) {
    StateBinding* to = from.table ? older.find_state(from.name) : nullptr;
    if (!to || !to->table) continue;
    returns_.emplace_back(*from.table, to->table.get(),
                          from.schema == to->schema ? nullptr : newest.plan_way_back(from, to->schema));
  }
  plan_sums(newest, older, return_sums_);
}

void SideBySide::Sum::add(bool back) const {
  if (floating) {
    const double value = value_at<double>(from, from_size);
    const double sum = value_at<double>(to, to_size) + (back ? -value : value);
    memcpy(to, &sum, to_size);
  } else {
    const uint64_t value = value_at<uint64_t>(from, from_size);
    const uint64_t sum = value_at<uint64_t>(to, to_size) + (back ? 0 - value : value);
    memcpy(to, &sum, to_size);
  }
}

void SideBySide::link(const std::vector<FlowTable*>& tables) {
  for (FlowTable* t : tables) t->older = nullptr;
  for (const auto& n : namesakes_) n->newest->older = &n->older;
}

HC_SWAP_CODE void SideBySide::install(const SideBySide* before, const std::vector<FlowTable*>& tables) {
  installed_ = true;
  if (dispatchers_.empty() && (!before || before->dispatchers_.empty()))
    return;  // tables need not be touched
  link(tables);
  for (const auto& n : namesakes_) {
    if (n->begins) n->newest->take_name_of(*n->older.back());
  }
  for (const Sum& s : sums_) s.add(false);
}

void SideBySide::leave() {
  if (!installed_) return;
  for (const Sum& s : sums_) s.add(true);
}

void SideBySide::take_back(SideBySide& newer, const std::vector<FlowTable*>& tables, bool without_authors) {
  link(tables);
  if (std::exchange(newer.installed_, false)) {
    for (const auto& n : newer.namesakes_) {
      if (n->begins) n->older.back()->take_name_of(*n->newest);
    }
    for (const Sum& s : newer.return_sums_) s.add(false);
    std::swap(returned_, newer.returns_);
    returning_.store(!returned_.empty(), std::memory_order_relaxed);
  }
  if (without_authors) leave_authors_out();
}

void SideBySide::leave_authors_out() {
  for (TableMover& m : returned_) m.leave_author_out();
}

bool SideBySide::move_records() {
  bool more = false;
  for (TableMover& m : movers_) more |= m.step();
  if (!returning()) return more;
  bool left = false;
  for (TableMover& m : returned_) left |= m.step();
  if (!left) returning_.store(false, std::memory_order_release);
  return more || left;
}

}  // namespace hotclick::core
