#include "node.hh"

#include <bit>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <set>

#include "shard.hh"
#include "transfer/import.hh"
#include "values.hh"

namespace hotclick::core {

namespace {
/// A copy of the name that stays for as long as the process: packets on their way between shards carry it.
/// Configurations name a few hundred elements, so nothing is gained by forgetting any.
const char* intern(const std::string& name) {
  static std::set<std::string> names;  // the host's thread only
  return names.insert(name).first->c_str();
}
/// ELEMENT of ELEMENT~REVISION.
std::string element_of(const std::string& name) {
  return name.substr(0, name.find('~'));
}
}  // namespace

std::shared_ptr<QueueBlock> QueueBlock::create(StaticArena& arena, uint32_t capacity) {
  auto b = std::make_shared<QueueBlock>();
  b->slots = std::bit_ceil(capacity < 2 ? 2u : capacity);
  b->memory = arena.allocate(bytes(b->slots));
  if (!b->memory) return nullptr;
  hc_queue& q = b->queue();
  q.ring = b->ring();
  q.mask = b->slots - 1;
  q.limit = capacity;
  return b;
}

std::shared_ptr<Node> Node::construct(const NodeSpec& spec, Shard& shard, NodeError& error) {
  std::shared_ptr<Node> node(new Node());
  node->library_ = spec.version->in(shard.index());
  node->descriptor = &node->library_->descriptor();
  node->name = element_of(spec.name);
  node->stored_name_ = spec.name;
  node->class_name = spec.class_name;
  node->version = node->descriptor->version;
  node->arguments = spec.arguments;
  node->shard_ = &shard;
  node->counters = shard.statics()->allocate((1 + node->descriptor->ndrops) * sizeof(uint64_t));
  if (!node->counters) {
    error.message = "no memory for it";
    return nullptr;
  }

  hc_instance& i = node->instance;
  i.noutputs = spec.outputs;
  i.ninputs = spec.inputs;
  i.shard = shard.face();
  i.host = shard.face()->host;
  i.drops = node->drops();
  i.name = intern(node->name);
  i.core = node.get();
  const uint64_t align = node->descriptor->object_align < 64 ? 64 : node->descriptor->object_align;
  node->memory_ = aligned_alloc(align, (node->descriptor->object_size + align - 1) / align * align);
  if (!node->memory_) {
    error.message = "no memory for it";
    return nullptr;
  }
  node->descriptor->construct(node->memory_, &i);
  i.object = node->memory_;
  return node;
}

bool Node::takes_arguments(const NodeSpec& spec, Shard& shard, NodeError& error) {
  const auto node = construct(spec, shard, error);
  return node && node->assign_arguments(error);
}

std::shared_ptr<Node> Node::create(const NodeSpec& spec, Shard& shard, const std::shared_ptr<Node>& old,
                                   Inherit inherit, NodeError& error) {
  std::shared_ptr<Node> node = construct(spec, shard, error);
  if (!node) return nullptr;
  node->adopted_from_ = old;
  node->beside_ = inherit == Inherit::settings;
  if (!node->beside_) node->match_drops(old.get());
  if (!node->assign_arguments(error)) return nullptr;
  if (!node->bind_undeclared(*spec.version, shard, error.message)) return nullptr;
  if (!node->bind_states(shard, old.get(), error)) return nullptr;
  node->find_queues_left();
  if (node->descriptor->initialize) {
    char text[HC_ERROR_SIZE] = "";
    if (node->descriptor->initialize(node->memory_, text) != 0) {
      error.message = text[0] ? text : "it could not be initialised";
      return nullptr;
    }
  }
  node->adopted = (old && !node->beside_) || (shard.imported && shard.imported->has(spec.name));
  node->task_active = node->descriptor->run != nullptr;
  return node;
}

Node::~Node() {
  for (hc_device* device : devices) shard_->close_device(device);
  if (instance.object && !condemned_) descriptor->destroy(instance.object);
  free(memory_);
}

bool Node::assign_arguments(NodeError& error) {
  std::vector<bool> given(descriptor->narguments, false);
  std::vector<hc_string> rest;
  std::vector<uint32_t> rest_index;
  bool takes_rest = false;
  for (uint32_t i = 0; i < descriptor->narguments; ++i)
    takes_rest |= descriptor->arguments[i].type == HC_REST;
  uint32_t next_positional = 0;

  auto assign = [&](uint32_t which, std::string_view text, uint32_t index) {
    const hc_argument& a = descriptor->arguments[which];
    void* member = a.member(memory_);
    given[which] = true;
    if (a.type == HC_STRING) {
      const std::string& kept = strings_.emplace_back(unquote(trim(text)));
      *static_cast<hc_string*>(member) = {kept.c_str(), static_cast<uint32_t>(kept.size()), 0};
      return true;
    }
    std::string why;
    if (parse_value(a.type, text, member, why)) return true;
    error = {std::string(a.name) + ": " + why, index};
    return false;
  };

  for (uint32_t index = 0; index < arguments.size(); ++index) {
    const std::string_view text = trim(arguments[index]);
    if (text.empty() && arguments.size() == 1) break;  // "Element()"
    const size_t space = text.find_first_of(" \t\n");
    const std::string_view word = text.substr(0, space);
    uint32_t keyword = descriptor->narguments;
    for (uint32_t i = 0; i < descriptor->narguments; ++i) {
      if (descriptor->arguments[i].type != HC_REST && word == descriptor->arguments[i].name) keyword = i;
    }
    if (keyword < descriptor->narguments) {
      if (given[keyword]) {
        error = {std::string(word) + " is given twice", index};
        return false;
      }
      const std::string_view value =
          space == std::string_view::npos ? std::string_view() : text.substr(space);
      if (!assign(keyword, value, index)) return false;
      continue;
    }
    while (next_positional < descriptor->narguments &&
           (!(descriptor->arguments[next_positional].flags & HC_ARG_POSITIONAL) || given[next_positional])) {
      ++next_positional;
    }
    if (next_positional < descriptor->narguments) {
      if (!assign(next_positional, text, index)) return false;
      continue;
    }
    if (!takes_rest) {
      error = {"too many arguments, or an unknown keyword: '" + std::string(text) + "'", index};
      return false;
    }
    const std::string& kept = strings_.emplace_back(text);
    rest.push_back({kept.c_str(), static_cast<uint32_t>(kept.size()), 0});
    rest_index.push_back(index);
  }
  for (uint32_t i = 0; i < descriptor->narguments; ++i) {
    if ((descriptor->arguments[i].flags & HC_ARG_MANDATORY) && !given[i]) {
      error = {std::string("argument ") + descriptor->arguments[i].name + " is missing", UINT32_MAX};
      return false;
    }
  }
  if (!descriptor->configure) return true;
  hc_arguments raw = {};
  raw.rest = rest.data();
  raw.nrest = static_cast<uint32_t>(rest.size());
  raw.rest_index = rest_index.data();
  raw.failed_argument = UINT32_MAX;
  if (descriptor->configure(memory_, &raw) == 0) return true;
  error = {raw.error[0] ? raw.error : "it rejected its configuration", raw.failed_argument};
  return false;
}

const hc_handler* Node::find_handler(const std::string& handler) const {
  for (uint32_t i = 0; i < descriptor->nhandlers; ++i) {
    if (handler == descriptor->handlers[i].name) return &descriptor->handlers[i];
  }
  return nullptr;
}

int Node::read(const hc_handler& handler, const hc_string& parameter, hc_text& out, char* error) const {
  if (parameter.length != 0 && !(handler.flags & HC_HANDLER_PARAMETER)) {
    snprintf(error, HC_ERROR_SIZE, "read handler '%s.%s' takes no parameter", name.c_str(), handler.name);
    return -1;
  }
  return handler.read(instance.object, &parameter, &out, error);
}

StateBinding* Node::find_state(const std::string& state) {
  for (StateBinding& b : states) {
    if (b.name == state) return &b;
  }
  return nullptr;
}

const PreparedLayout* Node::coming_layout(const StateBinding& b) const {
  for (const StateChange& c : changes_) {
    if (c.to == &b) return c.layout.get();
  }
  return nullptr;
}

uint64_t Node::held_packets() const {
  uint64_t n = descriptor->pending ? descriptor->pending(instance.object) : 0;
  for (const StateBinding& b : states) {
    if (b.queue) n += b.queue->queue().tail - b.queue->queue().head;
  }
  return n;
}

}  // namespace hotclick::core
