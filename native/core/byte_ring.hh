/// A ring of byte strings with one producer (a shard) and one consumer (the host): lines, trace events,
/// tapped frames.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

namespace hotclick::core {

class ByteRing {
 public:
  /// `capacity` is a power of two.
  explicit ByteRing(uint32_t capacity) : data_(std::make_unique<char[]>(capacity)), mask_(capacity - 1) {}

  /// Appends one entry made of the parts; false when there is no room. Does not allocate.
  bool put(std::initializer_list<std::string_view> parts) {
    uint32_t size = 0;
    for (const std::string_view& p : parts) size += static_cast<uint32_t>(p.size());
    const uint64_t tail = tail_.load(std::memory_order_relaxed);
    if (tail + sizeof(size) + size - head_.load(std::memory_order_acquire) > mask_ + 1ull) return false;
    uint64_t at = write(tail, &size, sizeof(size));
    for (const std::string_view& p : parts) at = write(at, p.data(), p.size());
    tail_.store(at, std::memory_order_release);
    return true;
  }

  /// The oldest entry; false when there is none.
  bool take(std::string& entry) {
    const uint64_t head = head_.load(std::memory_order_relaxed);
    if (head == tail_.load(std::memory_order_acquire)) return false;
    uint32_t size = 0;
    read(head, &size, sizeof(size));
    entry.resize(size);
    read(head + sizeof(size), entry.data(), size);
    head_.store(head + sizeof(size) + size, std::memory_order_release);
    return true;
  }

 private:
  uint64_t write(uint64_t at, const void* from, size_t n) {
    const uint32_t start = static_cast<uint32_t>(at) & mask_;
    const size_t first = n < mask_ + 1ull - start ? n : mask_ + 1ull - start;
    memcpy(&data_[start], from, first);
    memcpy(&data_[0], static_cast<const char*>(from) + first, n - first);
    return at + n;
  }
  void read(uint64_t at, void* to, size_t n) const {
    const uint32_t start = static_cast<uint32_t>(at) & mask_;
    const size_t first = n < mask_ + 1ull - start ? n : mask_ + 1ull - start;
    memcpy(to, &data_[start], first);
    memcpy(static_cast<char*>(to) + first, &data_[0], n - first);
  }

  std::unique_ptr<char[]> data_;
  uint32_t mask_;
  alignas(64) std::atomic<uint64_t> head_{0};
  alignas(64) std::atomic<uint64_t> tail_{0};
};

}  // namespace hotclick::core
