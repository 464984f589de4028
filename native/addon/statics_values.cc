#include "statics_values.hh"

#include <chrono>
#include <fstream>
#include <iterator>

#include "../core/elf_check.hh"
#include "../core/statics/descriptor.hh"
#include "../core/statics/read_statics.hh"
#include "engine_object.hh"
#include "throw.hh"

namespace hotclick::addon {
using namespace core;

namespace {

Napi::Array texts(Napi::Env env, const std::vector<std::string>& list) {
  auto out = Napi::Array::New(env, list.size());
  for (uint32_t i = 0; i < list.size(); ++i) out.Set(i, Napi::String::New(env, list[i]));
  return out;
}

std::string lines(const std::vector<std::string>& list) {
  std::string out;
  for (const std::string& one : list) out += "\n  " + one;
  return out;
}

}  // namespace

Statics statics_from_js(const Napi::Value& value) {
  const std::string name = value.IsString() ? value.As<Napi::String>().Utf8Value() : "mapped";
  return statics_by_name(name).value_or(Statics::mapped);
}

Napi::Value describe_statics(const Napi::CallbackInfo& info) {
  const std::string path = info[0].As<Napi::String>();
  std::ifstream in(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  const auto* data = reinterpret_cast<const uint8_t*>(bytes.data());
  const ElfReport report = check_elf(data, bytes.size());
  if (!report.error.empty()) return throw_error(info.Env(), "HC_LIBRARY", report.error);
  if (report.mutable_statics.empty()) return info.Env().Null();
  const ElfFile file(data, bytes.size());
  std::vector<std::string> refusals;
  const StaticsLayout layout = read_statics(file, refusals);
  for (const StaticObject& o : layout.objects) {
    if (o.type == 0) refusals.push_back("'" + o.name + "': nothing says what type it has; build with -g");
  }
  if (!refusals.empty()) {
    return throw_error(info.Env(), "HC_STATICS",
                       "its static variables cannot be carried over to another version:" + lines(refusals));
  }
  const std::string section = encode_descriptor(file, layout);
  return Napi::Buffer<char>::Copy(info.Env(), section.data(), section.size());
}

/// matchStatics(from, to, mayLose) → { how, variables, bytes, created, lost, readNs, matchNs }: what becomes of the
/// undeclared statics of one loaded library when the other takes its place. Null when neither has any.
Napi::Value EngineObject::matchStatics(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto library = [&](size_t i) {
    const auto at = libraries_.find(info[i].As<Napi::Number>().Uint32Value());
    return at == libraries_.end() ? nullptr : at->second;
  };
  const auto from = library(0), to = library(1);
  if (!from || !to) return throw_error(env, "HC_INTERNAL", "no such library");
  if (!from->statics() && !to->statics()) return env.Null();
  const StaticsLayout none;
  const bool may_lose = info[2].ToBoolean();
  StaticsMatch match;
  const auto begin = std::chrono::steady_clock::now();
  if (from->statics() && to->statics())
    match = to->match_statics_of(from->statics(), may_lose);
  else
    match = match_statics(from->statics() ? *from->statics() : none, to->statics() ? *to->statics() : none,
                          {.may_lose = may_lose});
  const std::chrono::nanoseconds took = std::chrono::steady_clock::now() - begin;
  if (!match.refusals.empty()) {
    return throw_error(env, "HC_STATICS",
                       std::string("static variables of ") + to->descriptor().class_name +
                           " cannot be carried over:" + lines(match.refusals));
  }
  const bool mapped = match.same_layout && to->by_layout() && to->statics()->own_pages && from->by_layout();
  auto o = Napi::Object::New(env);
  o.Set("how", mapped ? "mapped" : match.variables != 0 ? "copied" : to->statics() ? "new" : "lost");
  o.Set("variables", static_cast<double>(match.variables));
  o.Set("bytes", static_cast<double>(match.bytes));
  o.Set("created", texts(env, match.created));
  o.Set("lost", texts(env, match.lost));
  o.Set("readNs", static_cast<double>(to->statics_read_ns()));
  o.Set("matchNs", static_cast<double>(took.count()));
  return o;
}

}  // namespace hotclick::addon
