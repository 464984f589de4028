/// Keyed per-flow state: the inline half (lookup, touch). The core does the rest (growth, expiry, conversion,
/// publication); see native/state/table.hh.
///
/// Layout. Records live in numbered slots of one size that never move while the table lives; an index of
/// {hash, slot} words with linear probing leads to them. So a record's slot can be stored in another record,
/// a page of slots can be published as it lies, and a table whose record layout changed keeps its index: each
/// record is converted when it is first touched.
#pragma once
#include "batch.hpp"

namespace hotclick {

inline constexpr uint32_t no_slot = HC_NO_SLOT;
/// Ticks a second; the unit of expiry.
inline constexpr uint32_t ticks_per_second = 10;

inline uint64_t mix(uint64_t a, uint64_t b) {
  const unsigned __int128 m = static_cast<unsigned __int128>(a) * b;
  return static_cast<uint64_t>(m) ^ static_cast<uint64_t>(m >> 64);
}

/// The hash of a key of `size` bytes (a multiple of 4). The core uses the same function.
inline uint32_t hash_key(const void* key, uint32_t size, uint64_t seed) {
  const uint8_t* p = static_cast<const uint8_t*>(key);
  uint64_t h = seed ^ size;
  while (size >= 8) {
    uint64_t w;
    memcpy(&w, p, 8);
    h = mix(h ^ w, 0x9E3779B97F4A7C15ull);
    p += 8;
    size -= 8;
  }
  if (size >= 4) {
    uint32_t w;
    memcpy(&w, p, 4);
    h = mix(h ^ w, 0xD6E8FEB86659FD93ull);
  }
  return static_cast<uint32_t>(h ^ (h >> 32));
}

namespace detail {

inline hc_record& record_of(const hc_table* table, uint32_t slot) {
  return *reinterpret_cast<hc_record*>(table->records + static_cast<uint64_t>(slot) * table->stride);
}

inline void prefetch_old_records(const hc_table* table, const uint32_t* hashes, uint32_t n) {
  for (uint32_t i = 0; i < n; ++i) {
    const uint64_t entry = table->index[hashes[i] & table->index_mask];
    if (entry != 0) prefetch(table->old_records + ((entry & 0xFFFFFFFF) - 1) * table->old_stride);
  }
}

template <uint32_t key_size>
uint32_t probe(hc_table* table, const uint64_t* index, uint32_t mask, const void* key, uint32_t h) {
  for (uint32_t i = h & mask;; i = (i + 1) & mask) {
    const uint64_t entry = index[i];
    if (entry == 0) return no_slot;
    if (static_cast<uint32_t>(entry >> 32) != h) continue;
    const uint32_t slot = static_cast<uint32_t>(entry) - 1;
    if (HC_UNLIKELY(slot == no_slot - 1)) continue;  // erased while the index grew
    hc_record& r = record_of(table, slot);
    if (HC_UNLIKELY(r.layout != table->layout)) table->shard->host->table_convert(table, slot);
    if (HC_UNLIKELY(memcmp(&r + 1, key, key_size) != 0)) continue;
    return slot;
  }
}

template <uint32_t key_size>
uint32_t find_record(hc_table* table, const void* key, uint32_t h) {
  const uint32_t slot = probe<key_size>(table, table->index, table->index_mask, key, h);
  if (HC_LIKELY(slot != no_slot) || HC_LIKELY(table->old_index == nullptr)) return slot;
  return probe<key_size>(table, table->old_index, table->old_mask, key, h);
}

template <uint32_t key_size>
void find_records(hc_table* table, const void* keys, uint32_t n, uint32_t* slots) {
  const auto* const first = static_cast<const uint8_t*>(keys);
  uint32_t hashes[HC_BATCH_CAPACITY];
  for (uint32_t i = 0; i < n; ++i) {
    hashes[i] = hash_key(first + i * key_size, key_size, table->seed);
    prefetch(&table->index[hashes[i] & table->index_mask]);
  }
  for (uint32_t i = 0; i < n; ++i) {
    const uint64_t entry = table->index[hashes[i] & table->index_mask];
    if (entry != 0) prefetch_write(&record_of(table, static_cast<uint32_t>(entry) - 1));
  }
  if (HC_UNLIKELY(table->old_records != nullptr)) prefetch_old_records(table, hashes, n);
  for (uint32_t i = 0; i < n; ++i) slots[i] = find_record<key_size>(table, first + i * key_size, hashes[i]);
  if (HC_UNLIKELY(table->old_index != nullptr)) table->shard->host->table_step(table);
}

// Keys of the usual sizes, addresses to flows, are looked up by code that is compiled once, in native/sdk.
extern template uint32_t find_record<4>(hc_table* table, const void* key, uint32_t h);
extern template void find_records<4>(hc_table* table, const void* keys, uint32_t n, uint32_t* slots);
extern template uint32_t find_record<8>(hc_table* table, const void* key, uint32_t h);
extern template void find_records<8>(hc_table* table, const void* keys, uint32_t n, uint32_t* slots);
extern template uint32_t find_record<12>(hc_table* table, const void* key, uint32_t h);
extern template void find_records<12>(hc_table* table, const void* keys, uint32_t n, uint32_t* slots);
extern template uint32_t find_record<16>(hc_table* table, const void* key, uint32_t h);
extern template void find_records<16>(hc_table* table, const void* keys, uint32_t n, uint32_t* slots);

}  // namespace detail

/// A table of records with key K and value V. K has no padding and a size that is a multiple of 4. Pointers
/// to values stay valid until the record is erased or the element is upgraded: never keep one beyond a batch.
template <class K, class V>
struct Table : hc_table_slot {
  static_assert(__has_unique_object_representations(K), "a key must not contain padding");
  static_assert(sizeof(K) % 4 == 0);

  explicit Table(uint32_t default_capacity = 1u << 20) : hc_table_slot{nullptr, default_capacity, 0} {}

  uint32_t hash(const K& key) const { return hash_key(&key, sizeof(K), table->seed); }
  uint32_t size() const { return table->live; }

  hc_record& record(uint32_t slot) const { return detail::record_of(table, slot); }
  const K& key(uint32_t slot) const { return *reinterpret_cast<const K*>(&record(slot) + 1); }
  /// The value in a slot that a lookup or an insert returned.
  V& value(uint32_t slot) const {
    return *reinterpret_cast<V*>(reinterpret_cast<uint8_t*>(&record(slot)) + value_offset());
  }

  /// The slot of the record with that key, or no_slot. A record whose time is up is found until the sweep has
  /// removed it, at most five seconds later; to touch it again revives it.
  uint32_t find(const K& key) const { return find(key, hash(key)); }
  uint32_t find(const K& key, uint32_t h) const { return detail::find_record<sizeof(K)>(table, &key, h); }

  /// Looks up `n` keys at once; the memory of all is fetched before the first is compared.
  void find_batch(const K* keys, uint32_t n, uint32_t* slots) const {
    detail::find_records<sizeof(K)>(table, keys, n, slots);
  }

  /// The usual way to answer knows(): 1 for each key that has a record whose time is not up, else 0.
  void mark_known(const K* keys, uint32_t n, uint8_t* known) const {
    uint32_t slots[HC_BATCH_CAPACITY];
    find_batch(keys, n, slots);
    for (uint32_t i = 0; i < n; ++i) known[i] = slots[i] != no_slot && is_current(slots[i]);
  }
  /// Whether the time of the record is not up.
  bool is_current(uint32_t slot) const {
    const uint32_t expires = record(slot).expires;
    return expires == 0 || static_cast<int32_t>(expires - table->shard->ticks) > 0;
  }
  /// Whether an older version that runs beside this one has a record with that key.
  bool elsewhere(const K& key) const { return table->shard->host->table_elsewhere(table, &key) != 0; }

  /// A new record (its value zeroed), or no_slot when the table is full. The key must not be there yet.
  uint32_t insert(const K& key) { return table->shard->host->table_insert(table, hash(key), &key); }
  void erase(uint32_t slot) { table->shard->host->table_erase(table, slot); }

  /// Says that the record was written, so that it goes to the store with the next sync.
  void mark_dirty(uint32_t slot) {
    const uint32_t page = slot >> table->page_shift;
    table->dirty[page >> 6] |= 1ull << (page & 63);
  }
  /// Sets the time to live from now (ticks; 0 = for ever) and marks the record written.
  void touch(uint32_t slot, uint32_t time_to_live) {
    record(slot).expires = time_to_live ? table->shard->ticks + time_to_live : 0;
    mark_dirty(slot);
  }

 private:
  static constexpr uint32_t value_offset() {
    static_assert(alignof(V) <= 8);
    return (sizeof(hc_record) + sizeof(K) + 7u) & ~7u;
  }
};

}  // namespace hotclick
