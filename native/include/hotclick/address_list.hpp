/// Lists of IPv4 addresses that an element is configured with ("BADSRC 10.0.0.255 10.0.1.255").
#pragma once
#include "words.hpp"

namespace hotclick {

/// IPv4 addresses from a configuration, with a test that is quick for an address that is not among them: a
/// 64-bit summary is asked first.
struct AddressList {
  uint32_t* addresses = nullptr;  // network order
  uint32_t count = 0;
  uint64_t summary = 0;

  static uint64_t summary_bit(uint32_t address) { return 1ull << ((address * 0x9E3779B1u) >> 26); }

  /// Room for `n` more addresses; false when there is no memory.
  HC_COLD bool reserve(const hc_host* host, uint32_t n) {
    uint32_t* more = static_cast<uint32_t*>(host->allocate((count + n) * sizeof(uint32_t)));
    if (!more) return false;
    if (count != 0) memcpy(more, addresses, count * sizeof(uint32_t));
    release(host);
    addresses = more;
    return true;
  }
  void release(const hc_host* host) {
    if (addresses) host->release(addresses);
    addresses = nullptr;
  }
  /// The caller has reserved room.
  void add(uint32_t address) {
    addresses[count++] = address;
    summary |= summary_bit(address);
  }
  bool contains(uint32_t address) const {
    if (HC_LIKELY((summary & summary_bit(address)) == 0)) return false;
    for (uint32_t i = 0; i < count; ++i) {
      if (addresses[i] == address) return true;
    }
    return false;
  }
  /// Adds the addresses of a blank-separated list.
  HC_COLD bool add_words(const hc_host* host, const String& text, char* error) {
    if (!reserve(host, count_words(text))) {
      host->fail(error, "out of memory");
      return false;
    }
    String word;
    for (Words w(text); w.next(word);) {
      Ipv4Address address;
      if (!parse_word(host, word, address, error)) return false;
      add(address.value);
    }
    return true;
  }
};

}  // namespace hotclick
