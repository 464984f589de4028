/// Longest prefix match for IPv4: a trie of three levels over 16, 8 and 8 bits of the address.
///
/// Every level holds words. A word is either the number of a node one level down, or a leaf: the length of
/// the prefix that the leaf comes from and the number of the hop it leads to. Short prefixes are spread over
/// all the words they cover, so that a lookup is one to three loads without a comparison. Leaves remember
/// their prefix length, so a prefix can be put in and taken out in any order without building anything anew.
/// Addresses are in host order here.
#pragma once
#include "batch.hpp"
#include "growing.hpp"
#include "net.hpp"

namespace hotclick {

/// Where packets of a prefix go.
struct Hop {
  uint32_t gateway;  // network order; 0 = none, the destination is on the link
  uint16_t port;     // output, or a drop as split() understands it
  uint16_t reserved;
};

class PrefixTrie {
 public:
  static constexpr uint32_t max_hops = 1u << 25;

  /// Makes an empty trie; hop 0, which is that of no route, gives `no_route` as its port. False without
  /// memory.
  bool create(const hc_host* host, uint16_t no_route);
  void release();

  Growing<Hop>& hops() { return hops_; }
  /// The number of the hop for an address; 0 = no route.
  uint32_t find(uint32_t address) const {
    uint32_t word = root_[address >> 16];
    if (word & child_flag) word = node(word).words[(address >> 8) & 255u];
    if (word & child_flag) word = node(word).words[address & 255u];
    return word & hop_mask;
  }

  /// Routes a whole batch by its destination annotations: writes the output of each packet and puts the
  /// gateway, if there is one, into its annotation. The memory of all is fetched before the first is looked
  /// at.
  void route(Batch& batch, uint16_t* ports) const;

  /// Sends the prefix (its host bits are 0) to `hop`; a hop it had before is replaced. False without memory.
  bool set(uint32_t address, uint32_t bits, uint32_t hop);
  /// Takes the prefix out; its addresses go where the next shorter prefix that is there leads, given as its
  /// length and hop (0, 0 = no route). False without memory, with nothing changed.
  bool clear(uint32_t address, uint32_t bits, uint32_t shorter_bits, uint32_t shorter_hop);

 private:
  static constexpr uint32_t root_words = 1u << 16, child_flag = 1u << 31, length_shift = 25;
  static constexpr uint32_t hop_mask = max_hops - 1;
  struct Node {
    uint32_t words[256];
  };
  struct Brush {
    uint32_t leaf, bits;
    bool exact;  // only leaves of just this length, otherwise those of at most this length
    bool covers(uint32_t word) const {
      const uint32_t length = word >> length_shift;
      return exact ? length == bits : length <= bits;
    }
  };

  Node& node(uint32_t word) { return nodes_[word & ~child_flag]; }
  const Node& node(uint32_t word) const { return nodes_[word & ~child_flag]; }

  bool paint(uint32_t address, uint32_t bits, const Brush& brush);
  void paint_words(uint32_t* words, uint32_t n, const Brush& brush);

  /// Makes a leaf a node full of that leaf.
  bool open_child(uint32_t& word);
  /// Makes nodes on the way to a prefix that have become all alike leaves again.
  void fold(uint32_t address, uint32_t bits);
  void fold_child(uint32_t& word);

  static constexpr uint32_t no_node = 0xFFFFFFFFu;
  const hc_host* host_ = nullptr;
  uint32_t* root_ = nullptr;
  Growing<Node> nodes_;
  Growing<Hop> hops_;
  uint32_t free_node_ = no_node;
};

}  // namespace hotclick
