/// The routes of a routing table element: what its arguments and handlers say, kept beside the trie that
/// packets are looked up in.
#pragma once
#include "ip_lookup.hpp"
#include "words.hpp"

namespace hotclick {

/// One route as text says it: "ADDR/MASK [GATEWAY] PORT". Addresses in network order, host bits of the prefix
/// 0.
struct RouteWords {
  uint32_t address = 0, bits = 0, gateway = 0, port = 0;
  bool has_port = false;

  /// With `remove` only the prefix has to be there. False with the message in `error`.
  bool parse(const hc_host* host, const String& text, bool remove, char* error);

 private:
  static bool expected(const hc_host* host, const String& text, char* error);
};

struct Route {
  uint32_t address, bits;  // host order
  uint32_t hop;
  bool configured;  // the element's arguments have a route for this prefix
};

/// All routes by prefix, and the trie made of them.
class RouteTable {
 public:
  static constexpr uint32_t none = 0xFFFFFFFFu;

  bool create(const hc_host* host, uint16_t no_route);
  void release();

  uint32_t size() const { return routes_.count; }
  Route& operator[](uint32_t i) { return routes_[i]; }
  const Hop& hop_of(const Route& r) { return trie.hops()[r.hop]; }

  /// The number of the route for just this prefix, or none.
  uint32_t find(uint32_t address, uint32_t bits) const;

  /// Puts a route in or changes where it leads. The number of the route, or none without memory.
  uint32_t set(uint32_t address, uint32_t bits, uint32_t gateway, uint16_t port);

  /// Takes a route out; false without memory.
  bool remove(uint32_t at);

  PrefixTrie trie;

 private:
  static uint32_t high_bits(uint32_t bits) { return bits == 0 ? 0 : 0xFFFFFFFFu << (32 - bits); }
  static uint32_t hash(uint32_t address, uint32_t bits) {
    return static_cast<uint32_t>(((static_cast<uint64_t>(address) << 6 | bits) * 0x9E3779B97F4A7C15ull) >>
                                 32);
  }
  uint32_t mask() const { return index_.count - 1; }

  /// The slot of the index that leads to a route.
  uint32_t index_slot(uint32_t at) const;
  void index_put(uint32_t at);
  void index_remove(uint32_t at);
  /// Room for one more route; the index stays at most half full.
  bool make_room();
  /// The number of a hop, counted as used once more; 0 without memory.
  uint32_t take_hop(uint32_t gateway, uint16_t port);

  const hc_host* host_ = nullptr;
  Growing<Route> routes_;
  Growing<uint32_t> index_;  // route number + 1, open addressing; 0 = empty
  Growing<uint32_t> users_;  // routes that lead to each hop
};

}  // namespace hotclick
