/// What the host asks of a shard, done at a batch boundary.
#pragma once
#include <cstdint>

namespace hotclick::core {

class Shard;

class Command {
 public:
  virtual ~Command() = default;
  /// On the shard, at a batch boundary: a bounded piece of work. True when the command is done; otherwise it
  /// is called again in the next round, and the commands behind it wait.
  virtual bool step(Shard& shard) = 0;
  /// On the shard: element code that step() called has crashed. The command is done then.
  virtual void interrupted() {}

 private:
  friend class Shard;
  Command* next_ = nullptr;
};

}  // namespace hotclick::core
