/// Open files that are kept for an engine.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace hotclick::holder {

class Deposit {
 public:
  Deposit() = default;
  Deposit(const Deposit&) = delete;
  Deposit& operator=(const Deposit&) = delete;
  ~Deposit() { clear(); }

  enum class Put { complete, more, refused };
  /// A part of a new deposit of `count` files, which takes the place of the old one when the last part is there. Takes
  /// the files, whatever comes of it. Refused when the part does not follow the one before.
  Put put(uint32_t count, uint32_t first, std::vector<int>& files);
  /// A part that nothing followed is dropped.
  void forget_parts();
  void clear();

  const std::vector<int>& files() const { return files_; }

 private:
  std::vector<int> files_, coming_;
};

}  // namespace hotclick::holder
