#include "schema.hh"

#include <cstring>

namespace hotclick::core {
namespace {

bool is_integer(uint32_t type) {
  return (type >= HC_BOOL && type <= HC_I64) || type == HC_TIME || type == HC_DURATION || type == HC_RATE;
}
bool is_signed(uint32_t type) {
  return type == HC_I32 || type == HC_I64;
}
bool is_array(uint32_t type) {
  return type == HC_BYTES || type == HC_TEXT;
}

}  // namespace

SchemaCopy copy_schema(const hc_schema& from, std::string& error) {
  SchemaCopy copy;
  copy.version = from.version;
  copy.size = from.size;
  for (uint32_t i = 0; i < from.nfields; ++i) {
    const hc_field& f = from.fields[i];
    if (f.size == 0 || f.offset > from.size || f.size > from.size - f.offset) {
      error = std::string("field '") + f.name + "' lies outside its record";
      return copy;
    }
    copy.fields.push_back({f.name, f.type, f.offset, f.size});
  }
  return copy;
}

void Conversion::use_author(const hc_schema& newer, bool upwards, uint32_t other) {
  const hc_conversion* list = upwards ? newer.up : newer.down;
  const uint32_t n = upwards ? newer.nup : newer.ndown;
  for (uint32_t i = 0; i < n; ++i) {
    if (list[i].version == other) author_ = list[i].convert;
  }
}

const Field* Conversion::match_fields(const SchemaCopy& to) {
  const Field* unmatched = nullptr;
  for (const Field& t : to.fields) {
    for (const Field& f : from_.fields) {
      if (f.name != t.name) continue;
      const bool same = f.type == t.type && (f.size == t.size || is_array(t.type));
      const bool integers = is_integer(f.type) && is_integer(t.type);
      if (same || integers)
        moves_.push_back({f.offset, f.size, t.offset, t.size, integers && is_signed(f.type)});
      else if (!unmatched)
        unmatched = &t;
    }
  }
  for (const Field& f : from_.fields) from_fields_.push_back({f.name.c_str(), f.type, f.offset, f.size, 0});
  from_view_.fields = from_fields_.data();
  from_view_.nfields = static_cast<uint32_t>(from_fields_.size());
  from_view_.size = from_.size;
  from_view_.version = from_.version;
  return unmatched;
}

std::shared_ptr<Conversion> Conversion::plan(const SchemaCopy& from, const SchemaCopy& to,
                                             const hc_schema* newer, bool upwards,
                                             std::shared_ptr<void> keep_alive, std::string& error) {
  if (from.version == to.version && from != to) {
    error = "the layout changed but the schema version " + std::to_string(to.version) + " did not";
    return nullptr;
  }
  auto c = plan_back(from, to, newer, upwards, std::move(keep_alive));
  if (c->unmatched_.empty() || c->author_) return c;  // the author's function takes care of them
  error = "field '" + c->unmatched_ + "' changed its type and no conversion from version " +
          std::to_string(from.version) + " to " + std::to_string(to.version) + " is given";
  return nullptr;
}

std::shared_ptr<Conversion> Conversion::plan_back(const SchemaCopy& from, const SchemaCopy& to,
                                                  const hc_schema* newer, bool upwards,
                                                  std::shared_ptr<void> keep_alive) {
  auto c = std::make_shared<Conversion>();
  c->from_ = from;
  c->keep_alive_ = std::move(keep_alive);
  if (newer) c->use_author(*newer, upwards, upwards ? from.version : to.version);
  if (const Field* unmatched = c->match_fields(to)) c->unmatched_ = unmatched->name;
  return c;
}

void Conversion::run(const uint8_t* from, uint8_t* to) const {
  for (const Move& m : moves_) {
    const uint32_t n = m.from_size < m.to_size ? m.from_size : m.to_size;
    memcpy(to + m.to, from + m.from, n);
    if (m.to_size > n) {
      const bool negative = m.sign && (from[m.from + n - 1] & 0x80);
      memset(to + m.to + n, negative ? 0xFF : 0, m.to_size - n);
    }
  }
  if (author_) {
    const hc_record_view view{from, &from_view_};
    author_(&view, to);
  }
}

}  // namespace hotclick::core
