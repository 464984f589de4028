/// How prefixes get into a trie and out of it, and the lookup of a batch.
#include <hotclick/ip_lookup.hpp>

namespace hotclick {

bool PrefixTrie::create(const hc_host* host, uint16_t no_route) {
  host_ = host;
  root_ = static_cast<uint32_t*>(host->allocate(root_words * sizeof(uint32_t)));
  return root_ && hops_.add(host, Hop{0, no_route, 0});
}

void PrefixTrie::release() {
  if (!host_) return;
  if (root_) host_->release(root_);
  root_ = nullptr;
  nodes_.release(host_);
  hops_.release(host_);
}

void PrefixTrie::route(Batch& batch, uint16_t* ports) const {
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

bool PrefixTrie::set(uint32_t address, uint32_t bits, uint32_t hop) {
  return paint(address, bits, Brush{bits << length_shift | hop, bits, false});
}

bool PrefixTrie::clear(uint32_t address, uint32_t bits, uint32_t shorter_bits, uint32_t shorter_hop) {
  if (!paint(address, bits, Brush{shorter_bits << length_shift | shorter_hop, bits, true})) return false;
  fold(address, bits);
  return true;
}

bool PrefixTrie::paint(uint32_t address, uint32_t bits, const Brush& brush) {
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

void PrefixTrie::paint_words(uint32_t* words, uint32_t n, const Brush& brush) {
  for (uint32_t i = 0; i < n; ++i) {
    if (words[i] & child_flag)
      paint_words(node(words[i]).words, 256, brush);
    else if (brush.covers(words[i]))
      words[i] = brush.leaf;
  }
}

bool PrefixTrie::open_child(uint32_t& word) {
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

void PrefixTrie::fold(uint32_t address, uint32_t bits) {
  uint32_t& top = root_[address >> 16];
  if (bits <= 16 || !(top & child_flag)) return;
  fold_child(node(top).words[(address >> 8) & 255u]);
  fold_child(top);
}

void PrefixTrie::fold_child(uint32_t& word) {
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

}  // namespace hotclick
