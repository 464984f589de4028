/// Declared state: schemas, and the handles through which an element reaches its state.
#pragma once
#include <stddef.h>

#include <new>

#include "table.hpp"

namespace hotclick {

// Strong types that tell the core how to read and print a value.
struct Ipv4Address {
  uint32_t value = 0;  // network order
  bool operator==(const Ipv4Address&) const = default;
};
struct Ipv4Prefix : hc_prefix4 {};
struct EtherAddress {
  uint8_t bytes[6] = {};
  bool operator==(const EtherAddress&) const = default;
};
struct Duration {
  uint64_t ns = 0;
  /// Rounded up to the unit of expiry.
  uint32_t ticks() const { return static_cast<uint32_t>((ns + 99'999'999) / 100'000'000); }
};
struct Rate {
  uint64_t per_second = 0;
};
struct Time {
  uint64_t ns = 0;  // since the epoch
};
/// A TCP or UDP port as it stands in a packet. For schemas: `HC_FIELD_AS(Flow, source_port, Port)`.
struct Port {
  uint16_t value = 0;  // network order
};
using String = hc_string;

namespace detail {
template <class T>
constexpr uint32_t type_code() {
  using U = T;
  if constexpr (__is_same(U, bool))
    return HC_BOOL;
  else if constexpr (__is_same(U, uint8_t))
    return HC_U8;
  else if constexpr (__is_same(U, uint16_t))
    return HC_U16;
  else if constexpr (__is_same(U, uint32_t))
    return HC_U32;
  else if constexpr (__is_same(U, uint64_t))
    return HC_U64;
  else if constexpr (__is_same(U, int32_t))
    return HC_I32;
  else if constexpr (__is_same(U, int64_t))
    return HC_I64;
  else if constexpr (__is_same(U, double))
    return HC_F64;
  else if constexpr (__is_same(U, Ipv4Address))
    return HC_IP4;
  else if constexpr (__is_same(U, Ipv4Prefix))
    return HC_PREFIX4;
  else if constexpr (__is_same(U, EtherAddress))
    return HC_ETHER;
  else if constexpr (__is_same(U, Duration))
    return HC_DURATION;
  else if constexpr (__is_same(U, Rate))
    return HC_RATE;
  else if constexpr (__is_same(U, Time))
    return HC_TIME;
  else if constexpr (__is_same(U, Port))
    return HC_PORT;
  else if constexpr (__is_same(U, String))
    return HC_STRING;
  else
    return HC_BYTES;
}
template <class T>
struct is_address {
  static constexpr bool value = false;
};
template <class T>
struct is_address<T*> {
  static constexpr bool value = true;
};
template <class T, class C>
struct is_address<T C::*> {
  static constexpr bool value = true;
};
template <class T>
struct is_char_array {
  static constexpr bool value = false;
};
template <unsigned long N>
struct is_char_array<char[N]> {
  static constexpr bool value = true;
};
template <class T>
constexpr hc_field make_field(const char* name, size_t offset, uint32_t merge = 0) {
  const uint32_t type = is_char_array<T>::value ? static_cast<uint32_t>(HC_TEXT)
                        : is_address<T>::value  ? static_cast<uint32_t>(HC_POINTER)
                                                : type_code<T>();
  return {name, type, static_cast<uint32_t>(offset), static_cast<uint32_t>(sizeof(T)), merge};
}
}  // namespace detail

/// One field of a schema: `HC_FIELD(Connection, packets)`.
#define HC_FIELD(Record, member) \
  ::hotclick::detail::make_field<decltype(Record::member)>(#member, offsetof(Record, member))

/// A field of static state that counts: where the state of two instances becomes one the numbers are added, as when an
/// engine starts again with fewer shards; a version that starts beside an older one begins with the default.
/// HC_LARGEST: the largest value of all stays.
#define HC_COUNT(Record, member) \
  ::hotclick::detail::make_field<decltype(Record::member)>(#member, offsetof(Record, member), HC_MERGE_SUM)
#define HC_LARGEST(Record, member) \
  ::hotclick::detail::make_field<decltype(Record::member)>(#member, offsetof(Record, member), HC_MERGE_MAX)

/// A field that is to be read as another type of the same size: `HC_FIELD_AS(Flow, source, Ipv4Address)`.
#define HC_FIELD_AS(Record, member, Type) \
  ::hotclick::detail::make_field<Type>(#member, offsetof(Record, member))

inline constexpr unsigned max_fields = 24, max_conversions = 4;

/// Reads a field of another version's record by name; `missing` when it had no such field. Integers are
/// widened.
inline uint64_t field_u64(const hc_record_view& from, const char* name, uint64_t missing = 0) {
  for (uint32_t i = 0; i < from.schema->nfields; ++i) {
    const hc_field& f = from.schema->fields[i];
    if (strcmp(f.name, name) != 0 || f.size > 8) continue;
    uint64_t v = 0;
    memcpy(&v, from.data + f.offset, f.size);  // little-endian hosts only, as the engine is
    return v;
  }
  return missing;
}

/// Names, types and offsets of the fields of R, with a version. A new version of an element that changes R
/// raises the version; fields of equal name are carried over, new ones keep R's default, and
/// `up_from`/`down_to` do what that cannot.
template <class R>
struct Schema {
  using Record = R;
  uint32_t version;
  hc_field fields[max_fields] = {};
  uint32_t nfields = 0;
  hc_conversion ups[max_conversions] = {}, downs[max_conversions] = {};
  uint32_t nup = 0, ndown = 0;

  /// `convert(old, now)` runs when a record of version `from` becomes this version.
  template <auto convert>
  constexpr Schema up_from(uint32_t from) const {
    Schema s = *this;
    s.ups[s.nup++] = {from, 0,
                      [](const hc_record_view* old, void* now) { convert(*old, *static_cast<R*>(now)); }};
    return s;
  }
  /// `convert(now, old)` runs when a record of this version goes back to version `to`; `old` points at the
  /// raw bytes of the lower version's record.
  template <auto convert>
  constexpr Schema down_to(uint32_t to) const {
    Schema s = *this;
    s.downs[s.ndown++] = {to, 0, [](const hc_record_view* now, void* old) { convert(*now, old); }};
    return s;
  }
};

/// `schema<Connection>(2, HC_FIELD(Connection, packets), …)`
template <class R, class... Fields>
constexpr Schema<R> schema(uint32_t version, Fields... fields) {
  static_assert(sizeof...(Fields) <= max_fields);
  Schema<R> s{version};
  ((s.fields[s.nfields++] = fields), ...);
  return s;
}

/// Fixed-size state of an instance: `State<Counts> counts;` then `counts->packets`. Lives in the shard's
/// state arena; a new version with the same layout is given the same memory.
template <class S>
struct State : hc_state_slot {
  State() : hc_state_slot{nullptr} {}
  S* operator->() const { return static_cast<S*>(value); }
  S& operator*() const { return *static_cast<S*>(value); }
};

/// Packets in flight: a ring with one producer and one consumer, moved as it is when the element is replaced.
struct PacketQueue : hc_queue_slot {
  explicit PacketQueue(uint32_t default_capacity = 1000) : hc_queue_slot{nullptr, default_capacity, 0} {}
  uint32_t size() const {
    return static_cast<uint32_t>(__atomic_load_n(&queue->tail, __ATOMIC_ACQUIRE) -
                                 __atomic_load_n(&queue->head, __ATOMIC_ACQUIRE));
  }
  bool empty() const { return size() == 0; }
  /// Puts as many of `n` packets as there is room for; returns how many.
  uint32_t put(hc_packet* const* packets, uint32_t n) {
    const uint64_t tail = queue->tail;
    const uint64_t used = tail - __atomic_load_n(&queue->head, __ATOMIC_ACQUIRE);
    const uint64_t room = queue->limit > used ? queue->limit - used : 0;
    if (n > room) n = static_cast<uint32_t>(room);
    for (uint32_t i = 0; i < n; ++i) queue->ring[(tail + i) & queue->mask] = packets[i];
    __atomic_store_n(&queue->tail, tail + n, __ATOMIC_RELEASE);
    return n;
  }
  /// Appends at most `max` packets to `batch`; returns how many.
  uint32_t take(Batch& batch, uint32_t max) {
    const uint64_t head = queue->head;
    const uint64_t used = __atomic_load_n(&queue->tail, __ATOMIC_ACQUIRE) - head;
    if (max > used) max = static_cast<uint32_t>(used);
    if (max > batch.room()) max = batch.room();
    for (uint32_t i = 0; i < max; ++i) batch.packets[batch.count++] = queue->ring[(head + i) & queue->mask];
    __atomic_store_n(&queue->head, head + max, __ATOMIC_RELEASE);
    return max;
  }
  /// Appends at most `max` packets to `batch` and leaves them in the queue too, until skip() takes them out;
  /// returns how many. For a consumer that may have to try again.
  uint32_t peek(Batch& batch, uint32_t max) const {
    const uint64_t head = queue->head;
    const uint64_t used = __atomic_load_n(&queue->tail, __ATOMIC_ACQUIRE) - head;
    if (max > used) max = static_cast<uint32_t>(used);
    if (max > batch.room()) max = batch.room();
    for (uint32_t i = 0; i < max; ++i) batch.packets[batch.count++] = queue->ring[(head + i) & queue->mask];
    return max;
  }
  /// Takes out the first `n` packets, which a peek() has shown and which the caller now owns.
  void skip(uint32_t n) { __atomic_store_n(&queue->head, queue->head + n, __ATOMIC_RELEASE); }
  /// The last `n` packets that take() gave are in front again, in their order. Only for a consumer that is the producer
  /// as well, which has put nothing since.
  void take_back(uint32_t n) { __atomic_store_n(&queue->head, queue->head - n, __ATOMIC_RELEASE); }
};

/// Static variables of the library, shared by all instances of the class in a shard (every shard loads a copy
/// of the library of its own). `HC_SECTION Section<Totals> totals;` at namespace scope, declared with
/// `.section`.
template <class S>
struct alignas(4096) Section {
  S value{};
  S* operator->() { return &value; }
};
#define HC_SECTION __attribute__((section("hcstate"))) static

}  // namespace hotclick
