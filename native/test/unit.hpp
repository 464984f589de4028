/// The unit test kit: `TEST("what it does") { CHECK(…); CHECK_EQ(have, want); }` in any number of files, one
/// main.cc.
///
/// A test goes on after a failed check, so one run shows all of them. A randomised test takes its seed from
/// `unit::seed()`, which prints it and reads HOTCLICK_SEED to repeat a run.
#pragma once
#include <cstdint>
#include <cstdio>
#include <sstream>
#include <string>
#include <type_traits>

namespace unit {

struct Test {
  const char* name;
  void (*body)();
  Test* next = nullptr;
  Test(const char* test_name, void (*test_body)());
};

/// Counts and prints one failed check of the running test.
void fail(const char* file, int line, const std::string& message);

/// The seed of a randomised test: HOTCLICK_SEED when it is set, otherwise from the clock. Printed.
uint64_t seed();

/// A small generator (splitmix64), the same on every machine.
struct Random {
  uint64_t state;
  uint64_t next() {
    uint64_t z = (state += 0x9E3779B97F4A7C15ull);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return z ^ (z >> 31);
  }
  /// A number below `n` (n > 0).
  uint32_t below(uint32_t n) { return static_cast<uint32_t>((next() >> 32) * n >> 32); }
  bool chance(uint32_t percent) { return below(100) < percent; }
};

template <class T>
std::string show(const T& value) {
  std::ostringstream out;
  if constexpr (std::is_same_v<T, uint8_t> || std::is_same_v<T, int8_t>) {
    out << static_cast<int>(value);
  } else if constexpr (std::is_enum_v<T>) {
    out << static_cast<long long>(value);
  } else {
    out << value;
  }
  return out.str();
}

template <class A, class B>
bool check_equal(const A& have, const B& want, const char* text, const char* file, int line) {
  if (have == want) return true;
  fail(file, line, std::string(text) + ": have " + show(have) + ", want " + show(want));
  return false;
}

}  // namespace unit

#define UNIT_JOIN2(a, b) a##b
#define UNIT_JOIN(a, b) UNIT_JOIN2(a, b)
#define UNIT_TEST(name, id)                                                     \
  static void UNIT_JOIN(unit_body_, id)();                                      \
  static unit::Test UNIT_JOIN(unit_test_, id)(name, UNIT_JOIN(unit_body_, id)); \
  static void UNIT_JOIN(unit_body_, id)()

#define TEST(name) UNIT_TEST(name, __COUNTER__)
/// Both are expressions with the outcome as value: `if (!CHECK(p)) return;`
#define CHECK(condition) ((condition) ? true : (unit::fail(__FILE__, __LINE__, #condition), false))
#define CHECK_EQ(have, want) unit::check_equal((have), (want), #have " == " #want, __FILE__, __LINE__)
