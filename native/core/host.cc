#include "host.hh"

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <hotclick/batch.hpp>
#include <hotclick/table.hpp>

#include "../io/devices.hh"
#include "classifier/classifier.hh"
#include "merge_values.hh"
#include "observe.hh"
#include "shard.hh"
#include "values.hh"
#include "version_handlers.hh"

namespace hotclick::core {
namespace {

Node& node_of(hc_instance* i) {
  return *static_cast<Node*>(i->core);
}
Shard& shard_of_instance(hc_instance* i) {
  return node_of(i).shard();
}

uint32_t refill(hc_shard* shard) {
  auto* pool = static_cast<PacketPool*>(shard->pool);
  pool->refill(*shard);
  return shard->free_count;
}
void spill(hc_shard* shard) {
  static_cast<PacketPool*>(shard->pool)->spill(*shard);
}

void trace_drop(hc_instance* instance, uint32_t reason, hc_packet* const* packets, uint32_t count) {
  Node& node = node_of(instance);
  Instrumentation* watching = node.shard().instrumentation;
  if (!watching) return;
  for (const auto& o : watching->observers()) o->see_drop(node, reason, packets, count);
}

void set_task(hc_instance* i, int active) {
  node_of(i).task_active = active != 0 && node_of(i).descriptor->run;
}
void set_timer(hc_instance* i, uint32_t id, uint64_t at) {
  node_of(i).shard().set_timer(node_of(i), id, at);
}

uint32_t table_insert(hc_table* t, uint32_t hash, const void* key) {
  return static_cast<FlowTable*>(t)->insert(hash, key);
}
void table_erase(hc_table* t, uint32_t slot) {
  static_cast<FlowTable*>(t)->erase(slot);
}
void table_convert(hc_table* t, uint32_t slot) {
  static_cast<FlowTable*>(t)->convert(slot);
}
int table_elsewhere(const hc_table* t, const void* key) {
  const auto* older = static_cast<const FlowTable*>(t)->older;
  if (!older) return 0;
  for (FlowTable* other : *older) {
    if (other->find(key) != no_slot) return 1;
  }
  return 0;
}
void table_step(hc_table* t) {
  static_cast<FlowTable*>(t)->grow_step();
}

hc_device* device_open(hc_instance* i, const char* kind, const char* name, const char* options, char* error) {
  return shard_of_instance(i).open_device(node_of(i), kind, name, options, error);
}
void device_close(hc_instance* i, hc_device* device) {
  std::erase(node_of(i).devices, device);
  shard_of_instance(i).close_device(device);
}

int parse(uint32_t type, const hc_string* text, void* value, char* error) {
  const std::string_view raw(text->data, text->length);
  if (type == HC_STRING) {
    static thread_local std::string kept;  // valid until the next call, as documented
    kept = unquote(trim(raw));
    *static_cast<hc_string*>(value) = {kept.c_str(), static_cast<uint32_t>(kept.size()), 0};
    return 0;
  }
  std::string why;
  if (parse_value(type, raw, value, why)) return 0;
  snprintf(error, HC_ERROR_SIZE, "%s", why.c_str());
  return -1;
}

void append(hc_text* out, const char* format, ...) {
  const uint32_t room = out->capacity - out->length;
  va_list list;
  va_start(list, format);
  const int n = vsnprintf(out->data + out->length, room, format, list);
  va_end(list);
  if (n < 0) return;
  if (static_cast<uint32_t>(n) >= room) {
    out->overflow = 1;
    out->length = out->capacity ? out->capacity - 1 : 0;
  } else {
    out->length += static_cast<uint32_t>(n);
  }
}

void fail(char* error, const char* format, ...) {
  va_list list;
  va_start(list, format);
  vsnprintf(error, HC_ERROR_SIZE, format, list);
  va_end(list);
}

void log_line(hc_instance* i, const char* format, ...) {
  char text[512];
  va_list list;
  va_start(list, format);
  const int n = vsnprintf(text, sizeof(text), format, list);
  va_end(list);
  if (n < 0) return;
  shard_of_instance(i).say('l', node_of(i), text,
                           static_cast<size_t>(n) < sizeof(text) ? static_cast<size_t>(n) : sizeof(text) - 1);
}
void print_line(hc_instance* i, const char* text, uint32_t length) {
  shard_of_instance(i).say('p', node_of(i), text, length);
}

/// Splits "element.handler" and gives both to `accept` until it says true: for an instance "nat/driver" the path
/// "count.reset" is nat/count's, if there is one, otherwise count's.
template <class Accept>
Node* find_by_path(hc_instance* i, const hc_string* path, const Accept& accept) {
  const std::string_view text(path->data, path->length);
  const size_t dot = text.rfind('.');
  const auto& graph = shard_of_instance(i).graph();
  if (dot == std::string_view::npos || !graph) return nullptr;
  const std::string element(text.substr(0, dot));
  const std::string name(text.substr(dot + 1));
  std::string scope = i->name;
  for (;;) {
    const size_t slash = scope.rfind('/');
    scope.resize(slash == std::string::npos ? 0 : slash);
    Node* node = graph->find(scope.empty() ? element : scope + '/' + element);
    if (node && accept(*node, name)) return node;
    if (scope.empty()) return nullptr;
  }
}
Node* find_handler_node(hc_instance* i, const hc_string* path, const hc_handler** handler) {
  return find_by_path(i, path, [handler](Node& node, const std::string& name) {
    return (*handler = node.find_handler(name)) != nullptr;
  });
}
/// The handlers that every element has, as far as the shard knows them.
bool read_common(hc_instance* i, const hc_string* path, hc_text* out) {
  return find_by_path(i, path, [out](Node& node, const std::string& name) {
           if (name == "name") {
             append(out, "%s", node.name.c_str());
           } else if (name == "class") {
             append(out, "%s", node.class_name.c_str());
           } else if (name == "class_version") {
             append(out, "%s", node.version.c_str());
           } else if (name == "config") {
             const char* comma = "";
             for (const std::string& argument : node.arguments) {
               append(out, "%s%s", comma, argument.c_str());
               comma = ", ";
             }
           } else {
             return false;
           }
           return true;
         }) != nullptr;
}
/// The value of the whole engine, as the host's own readers see it.
int read_handler(hc_instance* i, const hc_string* path, const hc_string* parameter, hc_text* out,
                 char* error) {
  const hc_handler* handler = nullptr;
  Node* node = find_handler_node(i, path, &handler);
  if (!(node && handler->read)) {
    if (!node && parameter->length == 0 && read_common(i, path, out)) return 0;
    snprintf(error, HC_ERROR_SIZE, "no read handler '%.*s'", static_cast<int>(path->length), path->data);
    return -1;
  }
  const uint32_t before = out->length;
  Shard& shard = shard_of_instance(i);
  if (read_versions(*shard.graph(), *node, *handler, *parameter, *out, error) != 0) return -1;
  const bool one_for_all = handler->merge == HC_MERGE_FIRST || handler->merge == HC_MERGE_SAME;
  if (!shard.questions || one_for_all || out->overflow) return 0;
  std::vector<std::string> values{std::string(out->data + before, out->length - before)};
  const std::string asked(parameter->data, parameter->length);
  if (!shard.questions->ask(shard, node->name, handler->name, asked, out->capacity, values)) {
    snprintf(error, HC_ERROR_SIZE, "not all shards answered for '%s.%s'", node->name.c_str(), handler->name);
    return -1;
  }
  out->length = before;
  append(out, "%s", merge_values(handler->merge, values).c_str());
  return 0;
}
int write_handler(hc_instance* i, const hc_string* path, const hc_string* value, char* error) {
  const hc_handler* handler = nullptr;
  Node* node = find_handler_node(i, path, &handler);
  if (!node || !handler->write) {
    snprintf(error, HC_ERROR_SIZE, "no write handler '%.*s'", static_cast<int>(path->length), path->data);
    return -1;
  }
  if (write_versions(*shard_of_instance(i).graph(), *node, *handler, *value, error) != 0) return -1;
  // The other shards have instances of their own: the host passes it on.
  if (shard_of_instance(i).count() > 1) {
    const std::string line = node->name + '.' + handler->name + ' ' + std::string(value->data, value->length);
    shard_of_instance(i).say('w', node_of(i), line.data(), line.size());
  }
  return 0;
}
/// A driver script (an element with a writable `step`) decides what a request to stop means, as long as it
/// runs; it refuses the write once it has ended.
void stop(hc_instance* i) {
  Shard& shard = shard_of_instance(i);
  const hc_string value{"router", 6, 0};
  char error[HC_ERROR_SIZE] = "";
  if (shard.graph()) {
    for (const auto& node : shard.graph()->nodes()) {
      const hc_handler* step = node->find_handler("step");
      if (step && step->write && step->write(node->instance.object, &value, error) == 0) return;
    }
  }
  shard.request_stop();
}

void* allocate(uint64_t size) {
  const uint64_t rounded = (size + 63) & ~uint64_t{63};
  void* memory = aligned_alloc(64, rounded ? rounded : 64);
  if (memory) memset(memory, 0, rounded);
  return memory;
}
void release(void* memory) {
  free(memory);
}

int hand_over(hc_instance* i, uint32_t shard, uint32_t port, hc_packet* packet) {
  return shard_of_instance(i).hand_to(shard, {packet, i->name, port}) ? 1 : 0;
}

}  // namespace

const hc_host& host_functions() {
  static const hc_host host = [] {
    hc_host h = {};
    h.abi = HC_ABI_VERSION;
    h.size = sizeof(hc_host);
    h.refill = refill;
    h.spill = spill;
    h.trace_drop = trace_drop;
    h.set_task = set_task;
    h.set_timer = set_timer;
    h.table_insert = table_insert;
    h.table_erase = table_erase;
    h.table_convert = table_convert;
    h.table_step = table_step;
    h.device_open = device_open;
    h.device_close = device_close;
    h.interface_address = io::interface_address;
    h.classifier_compile = classifier_compile;
    h.classifier_free = classifier_free;
    h.classify = classify;
    h.classifier_text = classifier_text;
    h.parse = parse;
    h.append = append;
    h.fail = fail;
    h.log = log_line;
    h.print = print_line;
    h.read_handler = read_handler;
    h.write_handler = write_handler;
    h.stop = stop;
    h.allocate = allocate;
    h.release = release;
    h.hand_over = hand_over;
    h.shard_of = io::shard_of;
    h.table_elsewhere = table_elsewhere;
    return h;
  }();
  return host;
}

}  // namespace hotclick::core
