/// Routes as text, and the table of them beside the trie.
#include <hotclick/ip_routes.hpp>

namespace hotclick {

bool RouteWords::parse(const hc_host* host, const String& text, bool remove, char* error) {
  Words words(text);
  String word;
  Ipv4Prefix prefix;
  if (!words.next(word)) return expected(host, text, error);
  if (!parse_word(host, word, prefix, error)) return false;
  bits = prefix_bits(prefix.mask);
  if (bits > 32) {
    host->fail(error, "the mask of '%.*s' is not that of a prefix", static_cast<int>(word.length), word.data);
    return false;
  }
  address = prefix.address & prefix.mask;
  String rest[2];
  uint32_t n = 0;
  while (words.next(word)) {
    if (n == 2) return expected(host, text, error);
    rest[n++] = word;
  }
  if (n == 0) return remove || expected(host, text, error);
  if (n == 2 && !equals(rest[0], "-")) {
    Ipv4Address to;
    if (!parse_word(host, rest[0], to, error)) return false;
    gateway = to.value;
  }
  has_port = true;
  return parse_word(host, rest[n - 1], port, error);
}

bool RouteWords::expected(const hc_host* host, const String& text, char* error) {
  host->fail(error, "should be 'ADDR/MASK [GATEWAY] PORT', found '%.*s'", static_cast<int>(text.length),
             text.data);
  return false;
}

bool RouteTable::create(const hc_host* host, uint16_t no_route) {
  host_ = host;
  return trie.create(host, no_route) && users_.add(host, 1);
}

void RouteTable::release() {
  if (!host_) return;
  trie.release();
  routes_.release(host_);
  index_.release(host_);
  users_.release(host_);
}

uint32_t RouteTable::find(uint32_t address, uint32_t bits) const {
  if (index_.count == 0) return none;
  for (uint32_t i = hash(address, bits) & mask();; i = (i + 1) & mask()) {
    if (index_[i] == 0) return none;
    const Route& r = routes_[index_[i] - 1];
    if (r.address == address && r.bits == bits) return index_[i] - 1;
  }
}

uint32_t RouteTable::set(uint32_t address, uint32_t bits, uint32_t gateway, uint16_t port) {
  if (!make_room()) return none;
  const uint32_t hop = take_hop(gateway, port);
  if (hop == 0 || !trie.set(address, bits, hop)) {
    if (hop != 0) --users_[hop];
    return none;
  }
  uint32_t at = find(address, bits);
  if (at != none) {
    --users_[routes_[at].hop];
    routes_[at].hop = hop;
    return at;
  }
  routes_.add(host_, Route{address, bits, hop, false});
  at = routes_.count - 1;
  index_put(at);
  return at;
}

bool RouteTable::remove(uint32_t at) {
  const Route r = routes_[at];
  uint32_t shorter = none;
  for (uint32_t bits = r.bits; bits-- != 0 && shorter == none;)
    shorter = find(r.address & high_bits(bits), bits);
  const uint32_t bits = shorter == none ? 0 : routes_[shorter].bits;
  if (!trie.clear(r.address, r.bits, bits, shorter == none ? 0 : routes_[shorter].hop)) return false;
  --users_[r.hop];
  index_remove(at);
  const uint32_t last = routes_.count - 1;
  if (at != last) {
    index_[index_slot(last)] = at + 1;
    routes_[at] = routes_[last];
  }
  routes_.count = last;
  return true;
}

uint32_t RouteTable::index_slot(uint32_t at) const {
  uint32_t i = hash(routes_[at].address, routes_[at].bits) & mask();
  while (index_[i] != at + 1) i = (i + 1) & mask();
  return i;
}

void RouteTable::index_put(uint32_t at) {
  uint32_t i = hash(routes_[at].address, routes_[at].bits) & mask();
  while (index_[i] != 0) i = (i + 1) & mask();
  index_[i] = at + 1;
}

void RouteTable::index_remove(uint32_t at) {
  uint32_t hole = index_slot(at);
  for (uint32_t i = (hole + 1) & mask(); index_[i] != 0; i = (i + 1) & mask()) {
    const Route& r = routes_[index_[i] - 1];
    const uint32_t home = hash(r.address, r.bits) & mask();
    if (((i - home) & mask()) < ((i - hole) & mask())) continue;
    index_[hole] = index_[i];
    hole = i;
  }
  index_[hole] = 0;
}

bool RouteTable::make_room() {
  if (!routes_.reserve(host_, routes_.count + 1)) return false;
  if ((routes_.count + 1) * 2 <= index_.count) return true;
  Growing<uint32_t> wider;
  if (!wider.reserve(host_, index_.count == 0 ? 64 : index_.count * 2)) return false;
  wider.count = wider.capacity;
  index_.release(host_);
  index_ = wider;
  for (uint32_t i = 0; i < routes_.count; ++i) index_put(i);
  return true;
}

uint32_t RouteTable::take_hop(uint32_t gateway, uint16_t port) {
  Growing<Hop>& hops = trie.hops();
  uint32_t unused = 0;
  for (uint32_t i = 1; i < hops.count; ++i) {
    if (users_[i] == 0) {
      unused = i;
    } else if (hops[i].gateway == gateway && hops[i].port == port) {
      ++users_[i];
      return i;
    }
  }
  if (unused == 0) {
    if (hops.count == PrefixTrie::max_hops || !users_.reserve(host_, hops.count + 1)) return 0;
    if (!hops.add(host_, Hop{})) return 0;
    users_.count = hops.count;
    unused = hops.count - 1;
  }
  hops[unused] = Hop{gateway, port, 0};
  users_[unused] = 1;
  return unused;
}

}  // namespace hotclick
