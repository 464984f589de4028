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
  HC_COLD bool create(const hc_host* host, uint16_t no_route) {
    host_ = host;
    root_ = static_cast<uint32_t*>(host->allocate(root_words * sizeof(uint32_t)));
    return root_ && hops_.add(host, Hop{0, no_route, 0});
  }
  HC_COLD void release() {
    if (!host_) return;
    if (root_) host_->release(root_);
    root_ = nullptr;
    nodes_.release(host_);
    hops_.release(host_);
  }

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
  void route(Batch& batch, uint16_t* ports) const {
    uint32_t addresses[HC_BATCH_CAPACITY], words[HC_BATCH_CAPACITY];
    const uint32_t n = batch.count;
    for (uint32_t i = 0; i < n; ++i) {
      addresses[i] = net32(batch[i].destination);
      prefetch(&root_[addresses[i] >> 16]);
    }
    for (uint32_t i = 0; i < n; ++i) {
      words[i] = root_[addresses[i] >> 16];
      if (words[i] & child_flag) prefetch(&node(words[i]).words[(addresses[i] >> 8) & 255u]);
    }
    for (uint32_t i = 0; i < n; ++i) {
      uint32_t word = words[i];
      if (word & child_flag) {
        word = node(word).words[(addresses[i] >> 8) & 255u];
        if (word & child_flag) word = node(word).words[addresses[i] & 255u];
      }
      const Hop hop = hops_[word & hop_mask];
      ports[i] = hop.port;
      if (hop.gateway != 0) batch[i].destination = hop.gateway;
    }
  }

  /// Sends the prefix (its host bits are 0) to `hop`; a hop it had before is replaced. False without memory.
  HC_COLD bool set(uint32_t address, uint32_t bits, uint32_t hop) {
    return paint(address, bits, Brush{bits << length_shift | hop, bits, false});
  }
  /// Takes the prefix out; its addresses go where the next shorter prefix that is there leads, given as its
  /// length and hop (0, 0 = no route). False without memory, with nothing changed.
  HC_COLD bool clear(uint32_t address, uint32_t bits, uint32_t shorter_bits, uint32_t shorter_hop) {
    if (!paint(address, bits, Brush{shorter_bits << length_shift | shorter_hop, bits, true})) return false;
    fold(address, bits);
    return true;
  }

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

  HC_COLD bool paint(uint32_t address, uint32_t bits, const Brush& brush) {
    uint32_t first = address >> 16;
    if (bits <= 16) {
      paint_words(root_ + first, 1u << (16 - bits), brush);
      return true;
    }
    if (!open_child(root_[first])) return false;
    const uint32_t below = root_[first];
    uint32_t index = (address >> 8) & 255u;
    if (bits <= 24) {
      paint_words(node(below).words + index, 1u << (24 - bits), brush);
      return true;
    }
    // A new node may move the array of nodes: the word is opened in a copy.
    uint32_t word = node(below).words[index];
    if (!open_child(word)) return false;
    node(below).words[index] = word;
    paint_words(node(word).words + (address & 255u), 1u << (32 - bits), brush);
    return true;
  }
  HC_COLD void paint_words(uint32_t* words, uint32_t n, const Brush& brush) {
    for (uint32_t i = 0; i < n; ++i) {
      if (words[i] & child_flag)
        paint_words(node(words[i]).words, 256, brush);
      else if (brush.covers(words[i]))
        words[i] = brush.leaf;
    }
  }

  /// Makes a leaf a node full of that leaf.
  HC_COLD bool open_child(uint32_t& word) {
    if (word & child_flag) return true;
    uint32_t number = free_node_;
    if (number != no_node) {
      free_node_ = nodes_[number].words[0];
    } else {
      if (!nodes_.add(host_, Node{})) return false;
      number = nodes_.count - 1;
    }
    for (uint32_t& w : nodes_[number].words) w = word;
    word = child_flag | number;
    return true;
  }
  /// Makes nodes on the way to a prefix that have become all alike leaves again.
  HC_COLD void fold(uint32_t address, uint32_t bits) {
    uint32_t& top = root_[address >> 16];
    if (bits <= 16 || !(top & child_flag)) return;
    fold_child(node(top).words[(address >> 8) & 255u]);
    fold_child(top);
  }
  HC_COLD void fold_child(uint32_t& word) {
    if (!(word & child_flag)) return;
    Node& n = node(word);
    for (const uint32_t w : n.words) {
      if (w != n.words[0] || (w & child_flag)) return;
    }
    const uint32_t number = word & ~child_flag;
    word = n.words[0];
    n.words[0] = free_node_;
    free_node_ = number;
  }

  static constexpr uint32_t no_node = 0xFFFFFFFFu;
  const hc_host* host_ = nullptr;
  uint32_t* root_ = nullptr;
  Growing<Node> nodes_;
  Growing<Hop> hops_;
  uint32_t free_node_ = no_node;
};

}  // namespace hotclick
