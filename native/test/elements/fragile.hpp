/// An element that breaks in the way its MODE says, once it has seen a hundred packets; whether a version obeys, and
/// its layout, is what the versions differ in.
#pragma once
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <hotclick/element.hpp>
#include <hotclick/table_scan.hpp>

namespace hotclick {

struct LengthKey {
  uint32_t length;
};
inline constexpr auto length_key = schema<LengthKey>(1, HC_FIELD(LengthKey, length));

/// Ways to break. Not inlined, so that a backtrace names them.
struct Breakage {
  __attribute__((noinline)) static void write_to_null() {
    volatile uintptr_t null = 0;
    *reinterpret_cast<volatile uint32_t*>(null) = 1;
  }
  __attribute__((noinline)) static void call_null() {
    void (*volatile nothing)() = nullptr;
    nothing();
  }
  __attribute__((noinline)) static void illegal() { __builtin_trap(); }
  __attribute__((noinline)) static uint32_t divide_by_zero() {
    volatile uint32_t zero = 0, number = 7;
    return number / zero;
  }
  __attribute__((noinline)) static void spin() {
    for (;;) asm volatile("");
  }
  __attribute__((noinline)) static void sleep() {
    const timespec hour{3600, 0};
    for (;;) nanosleep(&hour, nullptr);
  }
  __attribute__((noinline)) static uint32_t recurse(uint32_t depth) {
    volatile uint8_t room[4096];
    room[depth & 4095] = 1;
    if (depth == UINT32_MAX) return 0;
    return recurse(depth + 1) + room[0];
  }
  __attribute__((noinline)) static uint8_t read_beyond_file() {
    const int fd = memfd_create("empty", 0);
    auto* page = static_cast<volatile uint8_t*>(mmap(nullptr, 4096, PROT_READ, MAP_SHARED, fd, 0));
    close(fd);
    return page[0];
  }
};

/// `Self` has `obeys`; Counts has `packets` and `marks`, Seen has `packets`.
template <class Self, class Counts, class Seen>
struct FragileElement : Element {
  String mode{"", 0, 0};
  State<Counts> counts;
  Table<LengthKey, Seen> lengths{4096};
  uint32_t seen = 0;

  bool is(const char* word) const {
    return Self::obeys && mode.length == strlen(word) && memcmp(mode.data, word, mode.length) == 0;
  }
  void start(bool adopted) {
    if (adopted && is("start-segv")) Breakage::write_to_null();
    if (adopted && is("start-loop")) Breakage::spin();
  }
  void action(Batch& batch) {
    counts->packets += batch.count;
    for (Packet& p : batch) {
      uint32_t slot = lengths.find({p.length});
      if (slot == no_slot) slot = lengths.insert({p.length});
      if (slot == no_slot) continue;
      ++lengths.value(slot).packets;
      lengths.touch(slot, 0);
    }
    seen += batch.count;
    if (seen >= 100) break_down();
  }
  void break_down() {
    if (is("segv")) Breakage::write_to_null();
    if (is("null-call")) Breakage::call_null();
    if (is("ill")) Breakage::illegal();
    if (is("fpe")) seen = Breakage::divide_by_zero();
    if (is("bus")) seen = Breakage::read_beyond_file();
    if (is("overflow")) seen = Breakage::recurse(seen);
    if (is("loop")) Breakage::spin();
    if (is("sleep")) Breakage::sleep();
  }
  uint64_t packets() const { return counts->packets; }
  uint64_t marks() const { return counts->marks; }
  bool mark(const String& text, Error& error) {
    return self->host->parse(HC_U64, &text, &counts->marks, error.text) == 0;
  }
  uint64_t counted_by_length() const {
    uint64_t sum = 0;
    TableScan scan(lengths);
    for (uint32_t slot; (slot = scan.next()) != no_slot;) sum += lengths.value(slot).packets;
    return sum;
  }
  uint64_t crash() const {
    if (is("handler")) Breakage::write_to_null();
    return 1;
  }
};

template <class T, class Counts, class Seen>
constexpr auto fragile(const char* version, const Schema<Counts>& counts, const Schema<Seen>& seen) {
  return element<T>("Fragile", version)
      .help("For tests.")
      .template argument<&T::mode>("MODE", "how it breaks")
      .template state<&T::counts>("counts", counts, "what it has seen")
      .template table<&T::lengths>("lengths", length_key, seen, "packets by length")
      .template read<&T::packets>("packets", merge::sum, "packets seen")
      .template read<&T::marks>("marks", merge::sum, "a number that a test has written")
      .template write<&T::mark>("marks", "")
      .template read<&T::counted_by_length>("counted_by_length", merge::sum, "packets of all lengths")
      .template read<&T::crash>("crash", merge::sum, "crashes in mode 'handler'");
}

}  // namespace hotclick
