/// Text that an element takes apart itself: lists of addresses, routes, names instead of numbers. Off the
/// packet path only.
#pragma once
#include "net.hpp"
#include "schema.hpp"

namespace hotclick {

/// printf format and arguments of an Ethernet address, written as Click writes it ("00-1B-21-44-04-F0").
#define HC_ETHER_FORMAT "%02X-%02X-%02X-%02X-%02X-%02X"
#define HC_ETHER_BYTES(e) (e).bytes[0], (e).bytes[1], (e).bytes[2], (e).bytes[3], (e).bytes[4], (e).bytes[5]

/// printf format and arguments of an IPv4 address in network order.
#define HC_IP4_FORMAT "%u.%u.%u.%u"
#define HC_IP4_BYTES(a)                                                                                      \
  (::hotclick::net32(a) >> 24), ((::hotclick::net32(a) >> 16) & 255u), ((::hotclick::net32(a) >> 8) & 255u), \
      (::hotclick::net32(a) & 255u)

inline bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/// The words of a text, parted by blanks and ends of line: `for (Words w(text); w.next(word);)`.
struct Words {
  const char* at;
  const char* end;
  explicit Words(const String& text) : at(text.data), end(text.data + text.length) {}
  HC_COLD bool next(String& word) {
    while (at < end && is_blank(*at)) ++at;
    if (at == end) return false;
    word.data = at;
    while (at < end && !is_blank(*at)) ++at;
    word.length = static_cast<uint32_t>(at - word.data);
    return true;
  }
};

HC_COLD inline uint32_t count_words(const String& text) {
  uint32_t n = 0;
  String word;
  for (Words w(text); w.next(word);) ++n;
  return n;
}

HC_COLD inline bool equals(const String& text, const char* other) {
  return strlen(other) == text.length && memcmp(text.data, other, text.length) == 0;
}

/// Parses a word as a T; false with the message in `error` (HC_ERROR_SIZE bytes).
template <class T>
bool parse_word(const hc_host* host, const String& word, T& value, char* error) {
  return host->parse(detail::type_code<T>(), &word, &value, error) == 0;
}

/// An Ethernet address, or the name of an interface for its own; `ip` (network order) is then set too if it
/// has one. False with the message about an Ethernet address in `error`.
HC_COLD inline bool parse_ether(const hc_host* host, const String& word, EtherAddress& mac, uint32_t& ip,
                                char* error) {
  if (parse_word(host, word, mac, error)) return true;
  char name[64];
  if (word.length >= sizeof(name)) return false;
  memcpy(name, word.data, word.length);
  name[word.length] = 0;
  return host->interface_address(name, mac.bytes, &ip) == 0;
}

/// The bits of a mask if it is that of a prefix (ones, then zeros), otherwise 33.
inline uint32_t prefix_bits(uint32_t mask) {
  const uint32_t m = net32(mask);
  const uint32_t bits = static_cast<uint32_t>(__builtin_popcount(m));
  return bits == 0 || m == 0xFFFFFFFFu << (32 - bits) ? bits : 33;
}

}  // namespace hotclick
