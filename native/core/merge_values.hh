/// One value out of those that the shards have for a handler.
#pragma once
#include <string>
#include <vector>

namespace hotclick::core {

/// `how` is an hc_merge. Whole numbers are added as such, wrapping round at 64 bits; others as floating point.
std::string merge_values(uint32_t how, const std::vector<std::string>& values);

}  // namespace hotclick::core
