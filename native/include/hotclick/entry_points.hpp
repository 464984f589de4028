/// The functions of the C ABI, made from an element's methods.
#pragma once
#include "element_base.hpp"

namespace hotclick {
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
concept HasKnows = requires(T& t, Batch& b, uint8_t* known) {
  t.knows(0u, b, known);
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
HC_COLD void construct(void* memory, hc_instance* instance) {
  T* e = new (memory) T();
  e->self = instance;
}
template <class T>
HC_COLD void destroy(void* object) {
  static_cast<T*>(object)->~T();
}
template <class T>
HC_COLD int configure(void* object, hc_arguments* raw) {
  T& e = *static_cast<T*>(object);
  Arguments arguments{raw, e.self->host};
  return e.configure(arguments) ? 0 : -1;
}
template <class T>
HC_COLD int initialize(void* object, char* text) {
  T& e = *static_cast<T*>(object);
  Error error{text, e.self->host};
  return e.initialize(error) ? 0 : -1;
}

template <class T>
void knows_entry(void* object, uint32_t port, const hc_batch* raw, uint8_t* known) {
  static_cast<T*>(object)->knows(port, *static_cast<Batch*>(const_cast<hc_batch*>(raw)), known);
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
HC_COLD void print_value(const hc_host* host, hc_text* out, const V& v) {
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
inline constexpr bool takes_parameter = requires(typename member_of<decltype(member)>::Class& e, Text t,
                                                 Error& r) {
  (e.*member)(String{}, t, r);
};

template <class T, auto member>
HC_COLD int read_entry(void* object, const hc_string* parameter, hc_text* out, char* error) {
  typename member_of<decltype(member)>::Class& e = *static_cast<T*>(object);  // may be a base of T
  if constexpr (takes_parameter<T, member>) {
    Error failure{error, e.self->host};
    return (e.*member)(*parameter, Text{out, e.self->host}, failure) ? 0 : -1;
  } else if constexpr (requires(Text t) { (e.*member)(t); }) {
    Text text{out, e.self->host};
    (e.*member)(text);
  } else if constexpr (requires { (e.*member)(); }) {
    const auto v = (e.*member)();
    print_value(e.self->host, out, v);
  } else {
    print_value(e.self->host, out, e.*member);
  }
  return 0;
}

template <class T, auto member>
HC_COLD int write_entry(void* object, const hc_string* value, char* text) {
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
}  // namespace hotclick
