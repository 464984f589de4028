/// Has the packets counted that go into and out of some elements.
#pragma once
#include <algorithm>
#include <string>
#include <vector>

#include "observe.hh"

namespace hotclick::core {

/// The probes count by themselves (Instrumentation::counts): it only says where they must be. One for all shards.
class EdgeCounter : public Observer {
 public:
  explicit EdgeCounter(std::vector<std::string> elements) : elements_(std::move(elements)) {}
  bool watches(const Node& from, uint32_t, const Node* to, uint32_t) const override {
    return counts(from) || (to && counts(*to));
  }
  void see(const Passage&, hc_packet* const*, uint32_t) override {}

 private:
  bool counts(const Node& node) const {
    return std::find(elements_.begin(), elements_.end(), node.name) != elements_.end();
  }
  std::vector<std::string> elements_;
};

}  // namespace hotclick::core
