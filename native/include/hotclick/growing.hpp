/// An array that grows, for tables an element builds off the packet path. Memory comes from the host, so that
/// it is counted.
#pragma once
#include "batch.hpp"

namespace hotclick {

/// The part of a Growing that does not depend on the type of its elements.
struct GrowingStorage {
  void* memory = nullptr;
  uint32_t count = 0, capacity = 0;

  HC_COLD bool reserve(const hc_host* host, uint32_t need, uint64_t element_size) {
    if (need <= capacity) return true;
    uint32_t size = capacity < 16 ? 16 : capacity;
    while (size < need) size *= 2;
    void* more = host->allocate(size * element_size);
    if (!more) return false;
    if (count != 0) memcpy(more, memory, count * element_size);
    if (memory) host->release(memory);
    memory = more;
    capacity = size;
    return true;
  }
  HC_COLD void release(const hc_host* host) {
    if (memory) host->release(memory);
    memory = nullptr;
    count = capacity = 0;
  }
};

/// V is trivially copyable; new room is zeroed. Pointers into it end with the next reserve().
template <class V>
struct Growing : GrowingStorage {
  V& operator[](uint32_t i) { return static_cast<V*>(memory)[i]; }
  const V& operator[](uint32_t i) const { return static_cast<const V*>(memory)[i]; }
  /// Room for `need` elements; false when there is no memory (nothing has changed then).
  bool reserve(const hc_host* host, uint32_t need) { return GrowingStorage::reserve(host, need, sizeof(V)); }
  bool add(const hc_host* host, const V& value) {
    if (!reserve(host, count + 1)) return false;
    (*this)[count++] = value;
    return true;
  }
};

}  // namespace hotclick
