/// The declaration of an element class: everything the engine, the documentation and the command line know about it.
#pragma once
#include "abi_layout.hpp"
#include "entry_points.hpp"

namespace hotclick {

/// How a handler's values of all shards become one.
enum class merge : uint32_t {
  sum = HC_MERGE_SUM,
  max = HC_MERGE_MAX,
  min = HC_MERGE_MIN,
  first = HC_MERGE_FIRST,
  concat = HC_MERGE_CONCAT,
  same = HC_MERGE_SAME
};

inline constexpr unsigned max_arguments = 24, max_handlers = 32, max_states = 6, max_drops = 24;

/// The declaration of an element class; every call returns a copy with one thing more, so that it reads as
/// data.
template <class T>
struct Declaration {
  const char* name;
  const char* version_text;
  const char* help_text = "";
  const char* ports_text = "1/1";
  const char* processing_text = "a/a";
  const char* flow_text = "x/x";
  hc_argument arguments[max_arguments] = {};
  hc_handler handlers[max_handlers] = {};
  hc_state states[max_states] = {};
  hc_field fields[max_states][max_fields] = {};
  hc_field key_fields[max_states][8] = {};
  hc_conversion ups[max_states][max_conversions] = {}, downs[max_states][max_conversions] = {};
  hc_drop_reason drops[max_drops] = {};
  uint32_t narguments = 0, nhandlers = 0, nstates = 0, ndrops = 0;

  /// What it does; the first line is the summary, an example follows. Markdown.
  constexpr Declaration help(const char* text) const {
    auto d = *this;
    d.help_text = text;
    return d;
  }
  /// Click's port count code, "1/1-2".
  constexpr Declaration ports(const char* code) const {
    auto d = *this;
    d.ports_text = code;
    return d;
  }
  /// Click's processing code, "a/ah".
  constexpr Declaration processing(const char* code) const {
    auto d = *this;
    d.processing_text = code;
    return d;
  }
  /// Click's flow code, "x/x".
  constexpr Declaration flow(const char* code) const {
    auto d = *this;
    d.flow_text = code;
    return d;
  }

  /// A keyword argument; its default is the member's initial value.
  template <auto member>
  constexpr Declaration argument(const char* keyword, const char* text) const {
    return add_argument<member>(keyword, text, 0);
  }
  /// An optional positional argument (also taken by keyword).
  template <auto member>
  constexpr Declaration positional(const char* keyword, const char* text) const {
    return add_argument<member>(keyword, text, HC_ARG_POSITIONAL);
  }
  /// A positional argument that must be given.
  template <auto member>
  constexpr Declaration required(const char* keyword, const char* text) const {
    return add_argument<member>(keyword, text, HC_ARG_POSITIONAL | HC_ARG_MANDATORY);
  }
  /// Any further arguments, raw, for configure().
  constexpr Declaration rest(const char* what, const char* text) const {
    auto d = *this;
    d.arguments[d.narguments++] = {what, text, nullptr, HC_REST, 0};
    return d;
  }

  /// A handler that reads a member, calls `V value() const`, `void text(Text)`, or, where reading takes a parameter,
  /// `bool text(String parameter, Text, Error&)`.
  template <auto member>
  constexpr Declaration read(const char* handler, merge how, const char* text) const {
    auto d = *this;
    hc_handler& h = d.find_handler(handler, text);
    h.read = &detail::read_entry<T, member>;
    if (detail::takes_parameter<T, member>) h.flags |= HC_HANDLER_PARAMETER;
    h.merge = static_cast<uint32_t>(how);
    return d;
  }
  /// A handler that sets a member, or calls `void f()` or `bool f(String value, Error& error)`.
  template <auto member>
  constexpr Declaration write(const char* handler, const char* text) const {
    auto d = *this;
    d.find_handler(handler, text).write = &detail::write_entry<T, member>;
    return d;
  }

  /// Fixed-size state of the instance, held in a `State<R>` member.
  template <auto member, class R>
  constexpr Declaration state(const char* what, const Schema<R>& s, const char* text) const {
    auto d = add_state(HC_STATE_STATIC, what, s, text);
    d.states[nstates].member = &detail::locate<T, member>;
    return d;
  }
  /// Static variables of the library: a `HC_SECTION Section<R>` variable.
  template <auto* variable, class R>
  constexpr Declaration section(const char* what, const Schema<R>& s, const char* text) const {
    auto d = add_state(HC_STATE_SECTION, what, s, text);
    d.states[nstates].section = variable;
    d.states[nstates].section_size = sizeof(*variable);
    return d;
  }
  /// A table held in a `Table<K, V>` member.
  template <auto member, class K, class R>
  constexpr Declaration table(const char* what, const Schema<K>& key, const Schema<R>& s,
                              const char* text) const {
    auto d = add_state(HC_STATE_TABLE, what, s, text);
    hc_state& st = d.states[nstates];
    st.member = &detail::locate<T, member>;
    st.key = {nullptr, key.nfields, sizeof(K), key.version, 0, nullptr, nullptr, 0, 0};
    for (uint32_t i = 0; i < key.nfields; ++i) d.key_fields[nstates][i] = key.fields[i];
    return d;
  }
  /// For the table declared last: `uint32_t expired(uint32_t slot, K&, V&)` is asked before a record goes.
  template <auto method>
  constexpr Declaration on_expire() const {
    auto d = *this;
    d.states[nstates - 1].expire = [](void* object, uint32_t slot, void* key, void* value) -> uint32_t {
      return call_expire(*static_cast<T*>(object), method, slot, key, value);
    };
    return d;
  }
  /// Packets in flight, held in a `PacketQueue` member.
  template <auto member>
  constexpr Declaration queue(const char* what, const char* text) const {
    auto d = *this;
    hc_state& st = d.states[d.nstates++];
    st = {};
    st.name = what;
    st.help = text;
    st.kind = HC_STATE_QUEUE;
    st.member = &detail::locate<T, member>;
    return d;
  }
  /// A reason for which packets are dropped; reasons are numbered in the order of declaration from 0.
  constexpr Declaration drop(const char* reason, const char* text) const {
    auto d = *this;
    d.drops[d.ndrops++] = {reason, text};
    return d;
  }

 private:
  template <class K, class V>
  static uint32_t call_expire(T& e, uint32_t (T::*method)(uint32_t, K&, V&), uint32_t slot, void* key,
                              void* value) {
    return (e.*method)(slot, *static_cast<K*>(key), *static_cast<V*>(value));
  }
  template <auto member>
  constexpr Declaration add_argument(const char* keyword, const char* text, uint32_t flags) const {
    auto d = *this;
    using Value = typename detail::member_of<decltype(member)>::Value;
    d.arguments[d.narguments++] = {keyword, text, &detail::locate<T, member>, detail::type_code<Value>(),
                                   flags};
    return d;
  }
  constexpr hc_handler& find_handler(const char* handler, const char* text) {
    for (uint32_t i = 0; i < nhandlers; ++i) {
      if (__builtin_strcmp(handlers[i].name, handler) == 0) return handlers[i];
    }
    hc_handler& h = handlers[nhandlers++];
    h = {handler, text, nullptr, nullptr, HC_MERGE_FIRST, 0};
    return h;
  }
  template <class R>
  constexpr Declaration add_state(hc_state_kind kind, const char* what, const Schema<R>& s,
                                  const char* text) const {
    auto d = *this;
    hc_state& st = d.states[d.nstates];
    st = {};
    st.name = what;
    st.help = text;
    st.kind = kind;
    st.schema = {nullptr, s.nfields, sizeof(R), s.version, 0, nullptr, nullptr, s.nup, s.ndown};
    st.defaults = [](void* value) { new (value) R{}; };
    for (uint32_t i = 0; i < s.nfields; ++i) d.fields[nstates][i] = s.fields[i];
    for (uint32_t i = 0; i < s.nup; ++i) d.ups[nstates][i] = s.ups[i];
    for (uint32_t i = 0; i < s.ndown; ++i) d.downs[nstates][i] = s.downs[i];
    ++d.nstates;
    return d;
  }
};

/// Starts the declaration: `element<DecIPTTL>("DecIPTTL", "1.0.0")`.
template <class T>
constexpr Declaration<T> element(const char* name, const char* version) {
  return {name, version};
}

namespace detail {
struct States {
  hc_state list[max_states];
};
/// The states with their pointers into the declaration, which has to be a constant object by then.
template <class T>
constexpr States link(const Declaration<T>& d) {
  States s = {};
  for (uint32_t i = 0; i < d.nstates; ++i) {
    s.list[i] = d.states[i];
    s.list[i].schema.fields = d.fields[i];
    s.list[i].schema.up = d.ups[i];
    s.list[i].schema.down = d.downs[i];
    s.list[i].key.fields = d.key_fields[i];
  }
  return s;
}

template <class T>
constexpr hc_descriptor describe(const Declaration<T>& d, const States& states) {
  hc_descriptor r = {};
  r.abi = HC_ABI_VERSION;
  r.size = sizeof(hc_descriptor);
  r.layout = abi_layout;
  r.class_name = d.name;
  r.version = d.version_text;
  r.ports = d.ports_text;
  r.processing = d.processing_text;
  r.flow = d.flow_text;
  r.help = d.help_text;
  r.arguments = d.arguments;
  r.handlers = d.handlers;
  r.states = states.list;
  r.drops = d.drops;
  r.narguments = d.narguments;
  r.nhandlers = d.nhandlers;
  r.nstates = d.nstates;
  r.ndrops = d.ndrops;
  r.object_size = sizeof(T);
  r.object_align = alignof(T);
  r.construct = &construct<T>;
  r.destroy = &destroy<T>;
  if constexpr (HasConfigure<T>) r.configure = &configure<T>;
  if constexpr (HasInitialize<T>) r.initialize = &initialize<T>;
  if constexpr (HasStart<T>) r.start = [](void* o, int adopted) { static_cast<T*>(o)->start(adopted != 0); };
  if constexpr (HasPush<T> || HasAction<T> || HasRoute<T> || HasClassify<T>) r.push = &push_entry<T>;
  if constexpr (HasPull<T> || HasAction<T> || HasRoute<T> || HasClassify<T>) r.pull = &pull_entry<T>;
  if constexpr (HasRun<T>) r.run = [](void* o) { return static_cast<T*>(o)->run() ? 1 : 0; };
  if constexpr (HasTimer<T>) r.timer = [](void* o, uint32_t id) { static_cast<T*>(o)->timer(id); };
  if constexpr (HasPending<T>) r.pending = [](void* o) -> uint64_t { return static_cast<T*>(o)->pending(); };
  if constexpr (HasKnows<T>) r.knows = &knows_entry<T>;
  return r;
}
}  // namespace detail

}  // namespace hotclick

/// Exports the declaration: `HOTCLICK_EXPORT(info)` at the end of the file.
#define HOTCLICK_EXPORT(declaration)                                                                   \
  static constexpr ::hotclick::detail::States hotclick_states = ::hotclick::detail::link(declaration); \
  extern "C" __attribute__((visibility("default"))) const hc_descriptor hotclick_element;              \
  extern "C" const hc_descriptor hotclick_element =                                                    \
      ::hotclick::detail::describe(declaration, hotclick_states);
