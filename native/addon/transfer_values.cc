#include "transfer_values.hh"

#include "../core/transfer/manifest_fields.hh"
#include "../core/values.hh"

namespace hotclick::addon {
using namespace core;

namespace {

struct Writer {
  Napi::Env env;
  Napi::Object object;

  template <class T>
  void operator()(const char* name, T& value) {
    object.Set(name, write(value));
  }
  void type(const char* name, uint32_t& type) { object.Set(name, type_name(type)); }

  Napi::Value write(std::string& text) { return Napi::String::New(env, text); }
  template <class T>
  requires std::is_arithmetic_v<T> Napi::Value write(T& number) {
    return Napi::Number::New(env, static_cast<double>(number));
  }
  template <class T>
  Napi::Value write(std::vector<T>& list) {
    auto array = Napi::Array::New(env, list.size());
    for (uint32_t i = 0; i < list.size(); ++i) array.Set(i, write(list[i]));
    return array;
  }
  Napi::Value write(std::map<std::string, uint64_t>& numbers) {
    auto o = Napi::Object::New(env);
    for (auto& [name, number] : numbers) o.Set(name, static_cast<double>(number));
    return o;
  }
  template <class T>
  requires std::is_class_v<T> Napi::Value write(T& structure) {
    Writer inner{env, Napi::Object::New(env)};
    fields(inner, structure);
    return inner.object;
  }
};

struct Reader {
  Napi::Object object;

  template <class T>
  void operator()(const char* name, T& value) {
    read(object.Get(name), value);
  }
  void type(const char* name, uint32_t& type) {
    std::string text;
    read(object.Get(name), text);
    type = type_by_name(text);
  }

  static void read(const Napi::Value& v, std::string& text) {
    if (v.IsString()) text = v.As<Napi::String>();
  }
  template <class T>
  requires std::is_arithmetic_v<T>
  static void read(const Napi::Value& v, T& number) {
    if (v.IsNumber()) number = static_cast<T>(v.As<Napi::Number>().Int64Value());
  }
  template <class T>
  static void read(const Napi::Value& v, std::vector<T>& list) {
    if (!v.IsArray()) return;
    const auto array = v.As<Napi::Array>();
    for (uint32_t i = 0; i < array.Length(); ++i) read(array.Get(i), list.emplace_back());
  }
  static void read(const Napi::Value& v, std::map<std::string, uint64_t>& numbers) {
    if (!v.IsObject()) return;
    const auto o = v.As<Napi::Object>();
    const auto names = o.GetPropertyNames();
    for (uint32_t i = 0; i < names.Length(); ++i) {
      const std::string name = names.Get(i).As<Napi::String>();
      read(o.Get(name), numbers[name]);
    }
  }
  template <class T>
  requires std::is_class_v<T>
  static void read(const Napi::Value& v, T& structure) {
    if (!v.IsObject()) return;
    Reader inner{v.As<Napi::Object>()};
    fields(inner, structure);
  }
};

}  // namespace

Napi::Object manifest_to_js(Napi::Env env, TransferManifest& manifest) {
  return Writer{env, {}}.write(manifest).As<Napi::Object>();
}

TransferManifest manifest_from_js(const Napi::Value& value) {
  TransferManifest manifest;
  Reader::read(value, manifest);
  return manifest;
}

}  // namespace hotclick::addon
