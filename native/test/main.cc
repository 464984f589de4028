/// Runs all unit tests, or those whose name contains one of the arguments. Exit status 1 when one failed.
#include <cstdlib>
#include <cstring>
#include <ctime>

#include "unit.hpp"

namespace unit {
namespace {
Test* first = nullptr;
Test* last = nullptr;
uint32_t failed_checks = 0;

bool wanted(const char* name, int argc, char** argv) {
  if (argc < 2) return true;
  for (int i = 1; i < argc; ++i) {
    if (std::strstr(name, argv[i])) return true;
  }
  return false;
}
}  // namespace

Test::Test(const char* test_name, void (*test_body)()) : name(test_name), body(test_body) {
  (last ? last->next : first) = this;
  last = this;
}

void fail(const char* file, int line, const std::string& message) {
  ++failed_checks;
  std::printf("    %s:%d: %s\n", file, line, message.c_str());
}

uint64_t seed() {
  const char* given = std::getenv("HOTCLICK_SEED");
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  const uint64_t value =
      given ? std::strtoull(given, nullptr, 0)
            : static_cast<uint64_t>(now.tv_sec) * 1'000'000'007u ^ static_cast<uint64_t>(now.tv_nsec);
  std::printf("    seed: HOTCLICK_SEED=%llu\n", static_cast<unsigned long long>(value));
  return value;
}
}  // namespace unit

int main(int argc, char** argv) {
  uint32_t passed = 0, failed = 0;
  for (unit::Test* t = unit::first; t; t = t->next) {
    if (!unit::wanted(t->name, argc, argv)) continue;
    unit::failed_checks = 0;
    std::printf("  %s\n", t->name);
    std::fflush(stdout);
    t->body();
    if (unit::failed_checks != 0) std::printf("  FAILED %s\n", t->name);
    ++(unit::failed_checks != 0 ? failed : passed);
  }
  std::printf("%u passed, %u failed\n", passed, failed);
  return failed != 0 || passed == 0 ? 1 : 0;
}
