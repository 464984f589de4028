#include "values.hh"

#include <cstring>
#include <hotclick/net.hpp>
#include <iterator>

#include "../test/unit.hpp"

using namespace hotclick;
using namespace hotclick::core;

namespace {

template <class T>
bool reads(uint32_t type, std::string_view text, T wanted) {
  T value;
  memset(&value, 0xA5, sizeof(value));
  std::string error;
  return parse_value(type, text, &value, error) && memcmp(&value, &wanted, sizeof(value)) == 0;
}

std::string refusal(uint32_t type, std::string_view text) {
  uint64_t value[4] = {};
  std::string error;
  return parse_value(type, text, value, error) ? "accepted" : error;
}

bool refused(uint32_t type, std::string_view text) {
  return refusal(type, text) != "accepted";
}

uint32_t ip(uint8_t a, uint8_t b, uint8_t c, uint8_t d) {
  const uint8_t bytes[4] = {a, b, c, d};
  uint32_t address;
  memcpy(&address, bytes, 4);
  return address;
}

}  // namespace

TEST("values: whole numbers within their range, decimal or hexadecimal") {
  CHECK(reads<uint8_t>(HC_U8, "255", 255));
  CHECK(reads<uint16_t>(HC_U16, " 0xFFff ", 0xFFFF));
  CHECK(reads<uint32_t>(HC_U32, "4294967295", 4294967295u));
  CHECK(reads<uint64_t>(HC_U64, "18446744073709551615", ~uint64_t{0}));
  CHECK(reads<int32_t>(HC_I32, "-2147483648", INT32_MIN));
  CHECK(reads<int64_t>(HC_I64, "-1", -1));
  for (const char* text : {"256", "-1", "", "1x", "0x", "1 2", "1.5"}) CHECK(refused(HC_U8, text));
  CHECK_EQ(refusal(HC_U8, "256"), "expected a number from 0 to 255, found '256'");
}

TEST("values: truth and decimals") {
  for (const char* text : {"true", "1", "yes"}) CHECK(reads<bool>(HC_BOOL, text, true));
  for (const char* text : {"false", "0", "no"}) CHECK(reads<bool>(HC_BOOL, text, false));
  CHECK(refused(HC_BOOL, "TRUE"));
  CHECK(refused(HC_BOOL, "2"));
  CHECK(reads<double>(HC_F64, "-2.5e3", -2500));
  for (const char* text : {"inf", "nan", "", "1..2"}) CHECK(refused(HC_F64, text));
}

TEST("values: addresses and prefixes") {
  CHECK(reads<uint32_t>(HC_IP4, "18.26.4.9", ip(18, 26, 4, 9)));
  for (const char* text : {"18.26.4", "18.26.4.256", "18.26.4.9/24", "host", ""})
    CHECK(refused(HC_IP4, text));
  CHECK(reads<hc_prefix4>(HC_PREFIX4, "10.0.0.0/8", {ip(10, 0, 0, 0), ip(255, 0, 0, 0)}));
  CHECK(reads<hc_prefix4>(HC_PREFIX4, "10.1.2.3", {ip(10, 1, 2, 3), ip(255, 255, 255, 255)}));
  CHECK(reads<hc_prefix4>(HC_PREFIX4, "0.0.0.0/0", {0, 0}));
  CHECK(reads<hc_prefix4>(HC_PREFIX4, "10.1.2.3/255.255.0.0", {ip(10, 1, 2, 3), ip(255, 255, 0, 0)}));
  for (const char* text : {"10.0.0.0/33", "10.0.0.0/", "10.0.0.0/x", "/8"}) CHECK(refused(HC_PREFIX4, text));
  struct Mac {
    uint8_t bytes[6];
  };
  CHECK(reads<Mac>(HC_ETHER, "0:1:2:A:b:ff", {{0, 1, 2, 10, 11, 255}}));
  CHECK(reads<Mac>(HC_ETHER, "00-01-02-0A-0B-FF", {{0, 1, 2, 10, 11, 255}}));
  for (const char* text : {"0:1:2:3:4", "0:1:2:3:4:5:6", "0:1:2:3:4:g", "0:1:2:3:4:123", ""}) {
    CHECK(refused(HC_ETHER, text));
  }
}

TEST("values: times and rates with their units") {
  CHECK(reads<uint64_t>(HC_DURATION, "30", 30'000'000'000));
  CHECK(reads<uint64_t>(HC_DURATION, "1.5s", 1'500'000'000));
  CHECK(reads<uint64_t>(HC_DURATION, "20ms", 20'000'000));
  CHECK(reads<uint64_t>(HC_DURATION, "7 us", 7'000));
  CHECK(reads<uint64_t>(HC_DURATION, "2min", 120'000'000'000));
  CHECK(reads<uint64_t>(HC_RATE, "50k", 50'000));
  CHECK(reads<uint64_t>(HC_RATE, "1.5M", 1'500'000));
  CHECK(reads<uint64_t>(HC_RATE, "100 kpps", 100'000));
  for (const char* text : {"-1", "s", "1e30", "5 parsecs", ""}) {
    CHECK(refused(HC_DURATION, text));
    CHECK(refused(HC_RATE, text));
  }
}

TEST("values: quotes as Click has them") {
  CHECK_EQ(unquote("plain"), "plain");
  CHECK_EQ(unquote("\"a\\tb\\\"c\""), "a\tb\"c");
  CHECK_EQ(unquote("'a\\tb'"), "a\\tb");
  CHECK_EQ(unquote("a \"b c\" 'd'"), "a b c d");
  CHECK_EQ(unquote("\\<48 65 6C 6c 6F>"), "Hello");
  CHECK_EQ(unquote("\"\\x41\\101\\\nB\""), "AAB");
  CHECK_EQ(unquote("\"\\x1234567842\""), "B");
  CHECK_EQ(unquote("\\<4"), "");
  CHECK_EQ(unquote("end\\"), "end\\");
  CHECK_EQ(trim("  \t a b \n"), "a b");
  CHECK_EQ(trim(" \n "), "");
}

TEST("values: every type has a name that leads back to it") {
  for (uint32_t type = HC_BOOL; type <= HC_REST; ++type) {
    CHECK_EQ(type_by_name(type_name(type)), type);
    CHECK(*type_phrase(type) != 0);
  }
  CHECK_EQ(type_by_name("nothing"), 0u);
}

TEST("values: what is printed reads back as the same value") {
  unit::Random random{unit::seed()};
  static constexpr struct {
    uint32_t type, size;
  } types[] = {{HC_BOOL, 1}, {HC_U8, 1},  {HC_U16, 2},  {HC_U32, 4},   {HC_U64, 8},  {HC_I32, 4},
               {HC_I64, 8},  {HC_IP4, 4}, {HC_IP6, 16}, {HC_ETHER, 6}, {HC_RATE, 8}, {HC_TIME, 8}};
  for (uint32_t round = 0; round < 20'000; ++round) {
    const auto& [type, size] = types[random.below(std::size(types))];
    uint64_t value[2] = {random.next(), random.next()}, back[2] = {};
    if (type == HC_BOOL) value[0] &= 1;
    if (type == HC_RATE) value[0] >>= 12;  // rates are read as decimals, which hold 53 bits
    std::string error;
    const std::string text = print_value(type, value);
    if (!CHECK(parse_value(type, text, back, error)) || !CHECK(memcmp(value, back, size) == 0)) {
      std::printf("    %s %s\n", type_name(type), text.c_str());
      return;
    }
  }
}
