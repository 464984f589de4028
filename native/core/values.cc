#include "values.hh"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <hotclick/net.hpp>

namespace hotclick::core {
namespace {

struct TypeWords {
  uint32_t type;
  const char* name;
  const char* phrase;
};
constexpr TypeWords words[] = {
    {HC_BOOL, "bool", "true or false"},
    {HC_U8, "u8", "a number from 0 to 255"},
    {HC_U16, "u16", "a number from 0 to 65535"},
    {HC_U32, "u32", "a number from 0 to 4294967295"},
    {HC_U64, "u64", "a number from 0"},
    {HC_I32, "i32", "a number"},
    {HC_I64, "i64", "a number"},
    {HC_F64, "f64", "a decimal number"},
    {HC_IP4, "ip4", "an IPv4 address"},
    {HC_PREFIX4, "prefix4", "an IPv4 prefix such as 10.0.0.0/8"},
    {HC_IP6, "ip6", "an IPv6 address"},
    {HC_ETHER, "ether", "an Ethernet address"},
    {HC_DURATION, "duration", "a time such as 1.5s, 20ms or 30 (seconds)"},
    {HC_RATE, "rate", "a number per second such as 50000 or 50k"},
    {HC_STRING, "string", "text"},
    {HC_TIME, "time", "a time"},
    {HC_BYTES, "bytes", "bytes"},
    {HC_TEXT, "text", "text"},
    {HC_PORT, "port", "a port"},
    {HC_REST, "rest", "further arguments"},
    {HC_POINTER, "pointer", "an address"},
};

template <class T>
bool parse_integer(std::string_view t, void* value) {
  T v{};
  int base = 10;
  if (t.size() > 2 && t[0] == '0' && (t[1] == 'x' || t[1] == 'X')) {
    t.remove_prefix(2);
    base = 16;
  }
  const auto [end, failure] = std::from_chars(t.data(), t.data() + t.size(), v, base);
  if (failure != std::errc() || end != t.data() + t.size()) return false;
  memcpy(value, &v, sizeof(v));
  return true;
}

bool parse_double(std::string_view t, double& v) {
  const auto [end, failure] = std::from_chars(t.data(), t.data() + t.size(), v);
  return failure == std::errc() && end == t.data() + t.size() && std::isfinite(v);
}

bool parse_bool(std::string_view t, void* value) {
  bool v;
  if (t == "true" || t == "1" || t == "yes" || t == "t" || t == "y")
    v = true;
  else if (t == "false" || t == "0" || t == "no" || t == "f" || t == "n")
    v = false;
  else
    return false;
  memcpy(value, &v, sizeof(v));
  return true;
}

bool parse_ip4(std::string_view t, uint32_t& address) {
  char text[INET_ADDRSTRLEN];
  if (t.size() >= sizeof(text)) return false;
  memcpy(text, t.data(), t.size());
  text[t.size()] = 0;
  return inet_pton(AF_INET, text, &address) == 1;
}

/// "10.0.0.0/8", "10.0.0.0/255.0.0.0", "10/8" and "0/0" (missing octets are 0), or an address alone.
bool parse_prefix(std::string_view t, void* value) {
  hc_prefix4 p;
  const size_t slash = t.find('/');
  std::string address(t.substr(0, slash));
  if (slash != std::string_view::npos) {
    for (auto dots = std::count(address.begin(), address.end(), '.'); dots < 3; ++dots) address += ".0";
  }
  if (!parse_ip4(address, p.address)) return false;
  p.mask = 0xFFFFFFFFu;
  if (slash != std::string_view::npos) {
    const std::string_view m = t.substr(slash + 1);
    uint32_t bits;
    if (parse_integer<uint32_t>(m, &bits)) {
      if (bits > 32) return false;
      p.mask = bits == 0 ? 0 : hotclick::net32(0xFFFFFFFFu << (32 - bits));
    } else if (!parse_ip4(m, p.mask)) {
      return false;
    }
  }
  memcpy(value, &p, sizeof(p));
  return true;
}

bool parse_ether(std::string_view t, void* value) {
  uint8_t mac[6];
  size_t at = 0;
  for (int i = 0; i < 6; ++i) {
    if (i && (at >= t.size() || (t[at] != ':' && t[at] != '-'))) return false;
    if (i) ++at;
    const size_t start = at;
    while (at < t.size() && at - start < 2 && isxdigit(static_cast<unsigned char>(t[at]))) ++at;
    if (at == start) return false;
    std::from_chars(t.data() + start, t.data() + at, mac[i], 16);
  }
  if (at != t.size()) return false;
  memcpy(value, mac, 6);
  return true;
}

/// A number with one of the given suffixes; `scale` multiplies it.
struct Suffix {
  std::string_view text;
  double scale;
};
bool parse_scaled(std::string_view t, const Suffix* suffixes, size_t n, double unit, void* value) {
  double v, scale = unit;
  for (size_t i = 0; i < n; ++i) {
    if (t.size() > suffixes[i].text.size() && t.ends_with(suffixes[i].text)) {
      t.remove_suffix(suffixes[i].text.size());
      scale = suffixes[i].scale;
      break;
    }
  }
  if (!parse_double(trim(t), v) || v < 0 || v * scale > 1.8e19) return false;
  const auto whole = static_cast<uint64_t>(std::llround(v * scale));
  memcpy(value, &whole, sizeof(whole));
  return true;
}
constexpr Suffix durations[] = {{"nsec", 1},   {"usec", 1e3}, {"msec", 1e6}, {"sec", 1e9},
                                {"min", 60e9}, {"ns", 1},     {"us", 1e3},   {"ms", 1e6},
                                {"s", 1e9},    {"m", 60e9},   {"h", 3600e9}};
constexpr Suffix rates[] = {{"kpps", 1e3}, {"Mpps", 1e6}, {"pps", 1}, {"k", 1e3},
                            {"K", 1e3},    {"M", 1e6},    {"G", 1e9}};

}  // namespace

const char* type_phrase(uint32_t type) {
  for (const TypeWords& w : words)
    if (w.type == type) return w.phrase;
  return "a value";
}
const char* type_name(uint32_t type) {
  for (const TypeWords& w : words)
    if (w.type == type) return w.name;
  return "unknown";
}

uint32_t type_by_name(std::string_view name) {
  for (const TypeWords& w : words)
    if (name == w.name) return w.type;
  return 0;
}

bool parse_value(uint32_t type, std::string_view text, void* value, std::string& error) {
  const std::string plain = unquote(trim(text));
  const std::string_view t = plain;
  bool good = false;
  switch (type) {
    case HC_BOOL:
      good = parse_bool(t, value);
      break;
    case HC_U8:
      good = parse_integer<uint8_t>(t, value);
      break;
    case HC_U16:
      good = parse_integer<uint16_t>(t, value);
      break;
    case HC_U32:
      good = parse_integer<uint32_t>(t, value);
      break;
    case HC_U64:
    case HC_TIME:
      good = parse_integer<uint64_t>(t, value);
      break;
    case HC_I32:
      good = parse_integer<int32_t>(t, value);
      break;
    case HC_I64:
      good = parse_integer<int64_t>(t, value);
      break;
    case HC_F64: {
      double v = 0;
      good = parse_double(t, v);
      if (good) memcpy(value, &v, sizeof(v));
      break;
    }
    case HC_IP4: {
      uint32_t v = 0;
      good = parse_ip4(t, v);
      if (good) memcpy(value, &v, sizeof(v));
      break;
    }
    case HC_PREFIX4:
      good = parse_prefix(t, value);
      break;
    case HC_IP6:
      good = inet_pton(AF_INET6, plain.c_str(), value) == 1;
      break;
    case HC_ETHER:
      good = parse_ether(t, value);
      break;
    case HC_DURATION:
      good = parse_scaled(t, durations, std::size(durations), 1e9, value);
      break;
    case HC_RATE:
      good = parse_scaled(t, rates, std::size(rates), 1, value);
      break;
    default:
      break;
  }
  if (!good) error = std::string("expected ") + type_phrase(type) + ", found '" + plain + "'";
  return good;
}

std::string print_value(uint32_t type, const void* value) {
  char text[64];
  auto number = [&](auto v) {
    memcpy(&v, value, sizeof(v));
    return std::to_string(v);
  };
  const auto* b = static_cast<const uint8_t*>(value);
  switch (type) {
    case HC_BOOL:
      return *b ? "true" : "false";
    case HC_U8:
      return std::to_string(*b);
    case HC_U16:
      return number(uint16_t{});
    case HC_U32:
      return number(uint32_t{});
    case HC_RATE:
    case HC_TIME:
    case HC_U64:
      return number(uint64_t{});
    case HC_I32:
      return number(int32_t{});
    case HC_I64:
      return number(int64_t{});
    case HC_F64: {
      double v;
      memcpy(&v, value, sizeof(v));
      snprintf(text, sizeof(text), "%.9g", v);
      return text;
    }
    case HC_IP4:
      inet_ntop(AF_INET, value, text, sizeof(text));
      return text;
    case HC_IP6:
      inet_ntop(AF_INET6, value, text, sizeof(text));
      return text;
    case HC_PREFIX4: {
      hc_prefix4 p;
      memcpy(&p, value, sizeof(p));
      inet_ntop(AF_INET, &p.address, text, sizeof(text));
      return std::string(text) + "/" + std::to_string(__builtin_popcount(p.mask));
    }
    case HC_ETHER:
      snprintf(text, sizeof(text), "%02X-%02X-%02X-%02X-%02X-%02X", b[0], b[1], b[2], b[3], b[4], b[5]);
      return text;
    case HC_DURATION: {
      uint64_t ns;
      memcpy(&ns, value, sizeof(ns));
      snprintf(text, sizeof(text), "%.9gs", static_cast<double>(ns) * 1e-9);
      return text;
    }
    case HC_STRING: {
      hc_string s;
      memcpy(&s, value, sizeof(s));
      return s.data ? std::string(s.data, s.length) : std::string();
    }
    default:
      return "";
  }
}

}  // namespace hotclick::core
