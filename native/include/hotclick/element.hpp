/// What an element author includes: the base class, the ways to handle packets, and the declaration.
///
/// An element is a class derived from `Element` with *one* of
///   void action(Batch& batch)            one input, one output: change the packets in place (serves push and
///   pull) uint32_t route(Packet& p)            the output for each packet, or drop(reason) (serves push and
///   pull) void classify(Batch& b, uint16_t* o) the same for a whole batch at once void push(uint32_t port,
///   Batch& b) / uint32_t pull(uint32_t port, Batch& b, uint32_t max)   full control
/// and, where it needs them,
///   bool configure(Arguments& arguments) check the parsed arguments; `return arguments.fail(…)`
///   bool initialize(Error& error)        open devices, build tables (not yet its declared state)
///   void start(bool adopted)             on the shard, all state in place; constant time
///   bool run()                           a task: about a batch of work; false when there was none
///   void timer(uint32_t id)              set with set_timer()
///   uint64_t pending()                   packets held back that must still leave on removal
#pragma once
#include "net.hpp"
#include "schema.hpp"

namespace hotclick {

/// Text of a failure; lives in the caller's buffer of HC_ERROR_SIZE bytes.
struct Error {
  char* text;
  const hc_host* host;
  /// Writes the message and returns false.
  template <class... A>
  bool fail(const char* format, A... a) const {
    host->fail(text, format, a...);
    return false;
  }
};

/// Text being built by a read handler.
struct Text {
  hc_text* out;
  const hc_host* host;
  template <class... A>
  void print(const char* format, A... a) const {
    host->append(out, format, a...);
  }
};

/// The arguments that were not taken by declared ones.
struct Arguments {
  hc_arguments* raw;
  const hc_host* host;
  uint32_t size() const { return raw->nrest; }
  const String& operator[](uint32_t i) const { return raw->rest[i]; }
  /// The message for the whole configuration; returns false.
  template <class... A>
  bool fail(const char* format, A... a) const {
    host->fail(raw->error, format, a...);
    return false;
  }
  /// The message for argument `i` of the rest, so that its place can be shown; returns false.
  template <class... A>
  bool fail_at(uint32_t i, const char* format, A... a) const {
    if (i < raw->nrest) raw->failed_argument = raw->rest_index[i];
    return fail(format, a...);
  }
  /// Parses argument `i` of the rest as a T (uint32_t, Ipv4Address, Duration, …); false with the message set.
  template <class T>
  bool parse(uint32_t i, T& value) const {
    if (host->parse(detail::type_code<T>(), &raw->rest[i], &value, raw->error) == 0) return true;
    raw->failed_argument = raw->rest_index[i];
    return false;
  }
};

/// Base of every element. `self` is what the core keeps for this element in this shard.
struct Element {
  hc_instance* self = nullptr;

  hc_shard* shard() const { return self->shard; }
  uint64_t now() const { return self->shard->now; }
  uint32_t ninputs() const { return self->ninputs; }
  uint32_t noutputs() const { return self->noutputs; }
  /// What an agnostic port has become in this graph; known from start() on.
  bool input_is_pull(uint32_t port) const { return self->inputs[port].pull != nullptr; }
  bool output_is_pull(uint32_t port) const { return self->outputs[port].push == nullptr; }

  /// Hands the batch on and leaves it empty.
  void output(uint32_t port, Batch& batch) {
    const hc_push_edge& edge = self->outputs[port];
    if (HC_LIKELY(batch.count != 0)) edge.push(edge.object, edge.port, &batch);
    batch.count = 0;
  }
  /// Appends at most `max` packets from a pull input.
  uint32_t input(uint32_t port, Batch& batch, uint32_t max) {
    const hc_pull_edge& edge = self->inputs[port];
    return edge.pull(edge.object, edge.port, &batch, max);
  }

  /// As a result of route()/classify(): drop for that reason (index of the declared drop reasons).
  static constexpr uint32_t drop(uint32_t reason) { return 0x8000u | reason; }
  /// Output `port` if it is connected, otherwise a drop for `reason`.
  uint32_t output_or_drop(uint32_t port, uint32_t reason) const {
    return port < self->noutputs ? port : drop(reason);
  }
  /// Drops packets at once, counted under `reason`.
  void drop_now(uint32_t reason, hc_packet* const* packets, uint32_t n) {
    self->drops[reason] += n;
    if (HC_UNLIKELY(self->shard->tracing)) self->host->trace_drop(self, reason, packets, n);
    release_packets(self->shard, packets, n);
  }
  void drop_now(uint32_t reason, Batch& batch) {
    drop_now(reason, batch.packets, batch.count);
    batch.count = 0;
  }
  void drop_now(uint32_t reason, Packet& p) {
    hc_packet* one = &p;
    drop_now(reason, &one, 1);
  }
  /// Gives packets back to the pool without calling it a drop (a sink that has done its work).
  void consume(Batch& batch) {
    release_packets(self->shard, batch.packets, batch.count);
    batch.count = 0;
  }

  void set_task(bool active) { self->host->set_task(self, active); }
  /// Calls timer(id) at monotonic time `at` (ns); 0 takes it back.
  void set_timer(uint32_t id, uint64_t at) { self->host->set_timer(self, id, at); }

  /// Sends each packet of the batch to ports[i] (or drops it). Order within an output is kept. No allocation:
  /// the usual case, one output for all, hands the batch on as it is.
  void split(Batch& batch, const uint16_t* ports);
};

inline void Element::split(Batch& batch, const uint16_t* ports) {
  const uint32_t n = batch.count;
  if (n == 0) return;
  uint16_t different = 0;
  const uint16_t first = ports[0];
  for (uint32_t i = 1; i < n; ++i) different |= static_cast<uint16_t>(ports[i] ^ first);
  auto send = [this](uint32_t port, Batch& b) {
    if (HC_LIKELY(port < self->noutputs)) return output(port, b);
    drop_now(port == HC_NO_PORT || !(port & 0x8000u) ? 0 : port & 0x7FFFu, b);
  };
  if (HC_LIKELY(different == 0)) return send(first, batch);

  ScratchBatches scratch(self->shard, 3);
  if (HC_UNLIKELY(!scratch.ok())) return drop_now(0, batch);
  // Copies first: what is pushed may come back to this element and the caller's arrays may be reused.
  Batch& rest = scratch[0];
  Batch& one = scratch[1];
  uint16_t* rest_ports = reinterpret_cast<uint16_t*>(&scratch[2]);
  memcpy(rest.packets, batch.packets, n * sizeof(hc_packet*));
  memcpy(rest_ports, ports, n * sizeof(uint16_t));
  batch.count = 0;
  uint32_t left = n;
  while (left != 0) {
    const uint16_t port = rest_ports[0];
    uint32_t kept = 0, taken = 0;
    for (uint32_t i = 0; i < left; ++i) {
      hc_packet* p = rest.packets[i];
      if (rest_ports[i] == port) {
        one.packets[taken++] = p;
      } else {
        rest.packets[kept] = p;
        rest_ports[kept++] = rest_ports[i];
      }
    }
    left = kept;
    one.count = taken;
    send(port, one);
  }
}

namespace detail {

template <class T>
concept HasAction = requires(T& t, Batch& b) {
  t.action(b);
};
template <class T>
concept HasRoute = requires(T& t, Packet& p) {
  t.route(p);
};
template <class T>
concept HasClassify = requires(T& t, Batch& b, uint16_t* o) {
  t.classify(b, o);
};
template <class T>
concept HasPush = requires(T& t, Batch& b) {
  t.push(0u, b);
};
template <class T>
concept HasPull = requires(T& t, Batch& b) {
  t.pull(0u, b, 0u);
};
template <class T>
concept HasConfigure = requires(T& t, Arguments& a) {
  t.configure(a);
};
template <class T>
concept HasInitialize = requires(T& t, Error& e) {
  t.initialize(e);
};
template <class T>
concept HasStart = requires(T& t) {
  t.start(true);
};
template <class T>
concept HasRun = requires(T& t) {
  t.run();
};
template <class T>
concept HasTimer = requires(T& t) {
  t.timer(0u);
};
template <class T>
concept HasPending = requires(T& t) {
  t.pending();
};

template <class T>
void choose(T& e, Batch& batch, uint16_t* ports) {
  if constexpr (HasClassify<T>) {
    e.classify(batch, ports);
  } else {
    const uint32_t n = batch.count;
    for (uint32_t i = 0; i < n; ++i) {
      if (i + 4 < n) prefetch_write(batch.packets[i + 4]->data);
      ports[i] = static_cast<uint16_t>(e.route(batch[i]));
    }
  }
}

template <class T>
void push_entry(void* object, uint32_t port, hc_batch* raw) {
  T& e = *static_cast<T*>(object);
  Batch& batch = *static_cast<Batch*>(raw);
  if constexpr (HasPush<T>) {
    e.push(port, batch);
  } else if constexpr (HasAction<T>) {
    e.action(batch);
    e.output(0, batch);
  } else {
    uint16_t ports[HC_BATCH_CAPACITY];
    choose(e, batch, ports);
    e.split(batch, ports);
  }
}

/// Pull through an element of the simple forms: what goes to output 0 is returned, the rest is pushed or
/// dropped.
template <class T>
uint32_t pull_entry(void* object, uint32_t port, hc_batch* raw, uint32_t max) {
  T& e = *static_cast<T*>(object);
  Batch& batch = *static_cast<Batch*>(raw);
  if constexpr (HasPull<T>) {
    return e.pull(port, batch, max);
  } else {
    ScratchBatches scratch(e.self->shard, 2);
    if (HC_UNLIKELY(!scratch.ok())) return 0;
    Batch& in = scratch[0];
    if (max > batch.room()) max = batch.room();
    if (e.input(0, in, max) == 0) return 0;
    const uint32_t before = batch.count;
    if constexpr (HasAction<T>) {
      e.action(in);
      for (Packet& p : in) batch.add(p);
    } else {
      uint16_t ports[HC_BATCH_CAPACITY];
      choose(e, in, ports);
      Batch& other = scratch[1];
      uint16_t* other_ports = ports;
      for (uint32_t i = 0; i < in.count; ++i) {
        if (ports[i] == 0) {
          batch.add(in[i]);
        } else {
          other_ports[other.count] = ports[i];
          other.add(in[i]);
        }
      }
      e.split(other, other_ports);
    }
    return batch.count - before;
  }
}

template <class T>
void construct(void* memory, hc_instance* instance) {
  T* e = new (memory) T();
  e->self = instance;
}
template <class T>
void destroy(void* object) {
  static_cast<T*>(object)->~T();
}
template <class T>
int configure(void* object, hc_arguments* raw) {
  T& e = *static_cast<T*>(object);
  Arguments arguments{raw, e.self->host};
  return e.configure(arguments) ? 0 : -1;
}
template <class T>
int initialize(void* object, char* text) {
  T& e = *static_cast<T*>(object);
  Error error{text, e.self->host};
  return e.initialize(error) ? 0 : -1;
}

template <class M>
struct member_of;
template <class C, class V>
struct member_of<V C::*> {
  using Class = C;
  using Value = V;
};

template <class T, auto member>
void* locate(void* object) {
  return &(static_cast<T*>(object)->*member);
}

template <class V>
void print_value(const hc_host* host, hc_text* out, const V& v) {
  if constexpr (__is_same(V, bool))
    host->append(out, "%s", v ? "true" : "false");
  else if constexpr (__is_same(V, double))
    host->append(out, "%.6g", v);
  else if constexpr (__is_same(V, int32_t) || __is_same(V, int64_t))
    host->append(out, "%lld", static_cast<long long>(v));
  else if constexpr (__is_same(V, Rate))
    host->append(out, "%llu", static_cast<unsigned long long>(v.per_second));
  else if constexpr (__is_same(V, Duration))
    host->append(out, "%.9gs", static_cast<double>(v.ns) * 1e-9);
  else if constexpr (__is_same(V, String))
    host->append(out, "%.*s", static_cast<int>(v.length), v.data);
  else if constexpr (__is_same(V, Ipv4Address)) {
    const uint8_t* b = reinterpret_cast<const uint8_t*>(&v);
    host->append(out, "%u.%u.%u.%u", b[0], b[1], b[2], b[3]);
  } else if constexpr (__is_same(V, EtherAddress)) {
    const uint8_t* b = v.bytes;
    host->append(out, "%02X-%02X-%02X-%02X-%02X-%02X", b[0], b[1], b[2], b[3], b[4], b[5]);
  } else
    host->append(out, "%llu", static_cast<unsigned long long>(v));
}

template <class T, auto member>
void read_entry(void* object, hc_text* out) {
  typename member_of<decltype(member)>::Class& e = *static_cast<T*>(object);  // may be a base of T
  if constexpr (requires(Text t) { (e.*member)(t); }) {
    Text text{out, e.self->host};
    (e.*member)(text);
  } else if constexpr (requires { (e.*member)(); }) {
    const auto v = (e.*member)();
    print_value(e.self->host, out, v);
  } else {
    print_value(e.self->host, out, e.*member);
  }
}

template <class T, auto member>
int write_entry(void* object, const hc_string* value, char* text) {
  typename member_of<decltype(member)>::Class& e = *static_cast<T*>(object);  // may be a base of T
  Error error{text, e.self->host};
  if constexpr (requires { (e.*member)(*value, error); }) {
    return (e.*member)(*value, error) ? 0 : -1;
  } else if constexpr (requires { (e.*member)(); }) {
    (e.*member)();
    return 0;
  } else {
    return e.self->host->parse(type_code<typename member_of<decltype(member)>::Value>(), value, &(e.*member),
                               text);
  }
}

}  // namespace detail

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

  /// A handler that reads a member, calls `V value() const`, or `void text(Text)`.
  template <auto member>
  constexpr Declaration read(const char* handler, merge how, const char* text) const {
    auto d = *this;
    hc_handler& h = d.find_handler(handler, text);
    h.read = &detail::read_entry<T, member>;
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
