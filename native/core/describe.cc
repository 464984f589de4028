// An element class as JSON: the data behind documentation, --help, completion and checks.
#include <cstdlib>
#include <span>

#include "host.hh"
#include "library.hh"
#include "statics/carried.hh"
#include "values.hh"

namespace hotclick::core {
namespace {

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char code[8];
      snprintf(code, sizeof(code), "\\u%04x", c);
      out += code;
    } else {
      out += c;
    }
  }
  return out + '"';
}
std::string quoted(const char* text) {
  return quoted(std::string(text ? text : ""));
}

const char* merge_name(uint32_t merge) {
  switch (merge) {
    case HC_MERGE_SUM:
      return "sum";
    case HC_MERGE_MAX:
      return "max";
    case HC_MERGE_MIN:
      return "min";
    case HC_MERGE_CONCAT:
      return "concat";
    case HC_MERGE_SAME:
      return "same";
    default:
      return "first";
  }
}

std::string merge_json(const hc_field& f) {
  return f.merge ? ",\"merge\":" + quoted(merge_name(f.merge)) : std::string();
}
std::string merge_json(const Field&) {
  return "";
}

/// `fields` are hc_field or Field.
template <class Fields>
std::string schema_json(uint32_t version, uint32_t size, const Fields& fields) {
  std::string out =
      "{\"version\":" + std::to_string(version) + ",\"size\":" + std::to_string(size) + ",\"fields\":[";
  const char* comma = "";
  for (const auto& f : fields) {
    out += comma;
    out += "{\"name\":" + quoted(f.name) + ",\"type\":" + quoted(type_name(f.type)) +
           ",\"offset\":" + std::to_string(f.offset) + ",\"size\":" + std::to_string(f.size) + merge_json(f) +
           '}';
    comma = ",";
  }
  return out + "]}";
}
std::string schema_json(const hc_schema& s) {
  return schema_json(s.version, s.size, std::span(s.fields, s.nfields));
}

/// The library's undeclared statics, and how the store keeps them, if it can.
std::string statics_json(const StaticsLayout& layout, bool by_layout) {
  uint64_t variables = 0, bytes = 0;
  for (const StaticObject& o : layout.objects) {
    variables += o.guard ? 0 : 1;
    bytes += o.size;
  }
  std::string out = std::string("{\"mode\":") + (by_layout ? "\"compiled\"" : "\"symbols\"") +
                    ",\"variables\":" + std::to_string(variables) + ",\"bytes\":" + std::to_string(bytes);
  const SchemaCopy stored = statics_schema(layout);
  if (stored.size != 0) {
    out += ",\"stored\":{\"name\":\".statics\",\"kind\":\"section\",\"schema\":" +
           schema_json(stored.version, stored.size, stored.fields) + '}';
  }
  return out + '}';
}

/// The versions for which the author gave a conversion.
std::string versions_json(const hc_conversion* conversions, uint32_t n) {
  std::string out = "[";
  for (uint32_t i = 0; i < n; ++i) out += (i ? "," : "") + std::to_string(conversions[i].version);
  return out + ']';
}

/// Default values as a fresh object has them.
class Defaults {
 public:
  explicit Defaults(const hc_descriptor& d) : d_(d) {
    const uint64_t align = d.object_align < 64 ? 64 : d.object_align;
    memory_ = aligned_alloc(align, (d.object_size + align - 1) / align * align);
    instance_.host = &host_functions();
    instance_.name = "";
    if (memory_) d.construct(memory_, &instance_);
  }
  ~Defaults() {
    if (memory_) d_.destroy(memory_);
    free(memory_);
  }
  Defaults(const Defaults&) = delete;
  Defaults& operator=(const Defaults&) = delete;
  std::string of(const hc_argument& a) const {
    return memory_ && a.member ? print_value(a.type, a.member(memory_)) : std::string();
  }

 private:
  const hc_descriptor& d_;
  hc_instance instance_ = {};
  void* memory_ = nullptr;
};

}  // namespace

std::string ElementVersion::describe() const {
  const hc_descriptor& d = descriptor();
  const Defaults defaults(d);
  std::string out = "{\"className\":" + quoted(d.class_name) + ",\"version\":" + quoted(d.version) +
                    ",\"ports\":" + quoted(d.ports) + ",\"processing\":" + quoted(d.processing) +
                    ",\"flow\":" + quoted(d.flow) + ",\"help\":" + quoted(d.help) + ",\"arguments\":[";
  for (uint32_t i = 0; i < d.narguments; ++i) {
    const hc_argument& a = d.arguments[i];
    const bool mandatory = (a.flags & HC_ARG_MANDATORY) != 0;
    if (i) out += ',';
    out += "{\"name\":" + quoted(a.name) + ",\"type\":" + quoted(type_name(a.type)) +
           ",\"positional\":" + (a.flags & HC_ARG_POSITIONAL ? "true" : "false") +
           ",\"mandatory\":" + (mandatory ? "true" : "false") +
           ",\"defaultText\":" + quoted(mandatory ? std::string() : defaults.of(a)) +
           ",\"help\":" + quoted(a.help) + '}';
  }
  out += "],\"handlers\":[";
  for (uint32_t i = 0; i < d.nhandlers; ++i) {
    const hc_handler& h = d.handlers[i];
    if (i) out += ',';
    out += "{\"name\":" + quoted(h.name) + ",\"readable\":" + (h.read ? "true" : "false") +
           ",\"parameter\":" + (h.flags & HC_HANDLER_PARAMETER ? "true" : "false") +
           ",\"writable\":" + (h.write ? "true" : "false") + ",\"merge\":" + quoted(merge_name(h.merge)) +
           ",\"help\":" + quoted(h.help) + '}';
  }
  out += "],\"states\":[";
  bool first = true;
  for (uint32_t i = 0; i < d.nstates; ++i) {
    const hc_state& s = d.states[i];
    if (s.kind == HC_STATE_QUEUE) continue;  // packets in flight have no schema and are not stored
    if (!first) out += ',';
    first = false;
    out += "{\"name\":" + quoted(s.name) + ",\"kind\":";
    out += s.kind == HC_STATE_TABLE ? "\"table\"" : s.kind == HC_STATE_SECTION ? "\"section\"" : "\"static\"";
    out += ",\"schema\":" + schema_json(s.schema);
    if (s.kind == HC_STATE_TABLE) out += ",\"key\":" + schema_json(s.key);
    out += ",\"up\":" + versions_json(s.schema.up, s.schema.nup);
    out += ",\"down\":" + versions_json(s.schema.down, s.schema.ndown) + '}';
  }
  out += "],\"drops\":[";
  for (uint32_t i = 0; i < d.ndrops; ++i) {
    if (i) out += ',';
    out += "{\"name\":" + quoted(d.drops[i].name) + ",\"help\":" + quoted(d.drops[i].help) + '}';
  }
  out += "],\"knowsFlows\":";
  out += d.knows ? "true" : "false";
  if (statics()) out += ",\"statics\":" + statics_json(*statics(), by_layout());
  return out + '}';
}

}  // namespace hotclick::core
