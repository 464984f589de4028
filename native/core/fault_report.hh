/// What a fault was, for people: which element, what it did, and on what packet.
#pragma once
#include <string>
#include <vector>

#include "fault_guard.hh"

namespace hotclick::core {

struct FaultReport {
  uint32_t shard = 0;
  std::string signal;        // "" when the code was interrupted because it did not come to its end
  uint64_t address = 0;      // that it touched; for SIGILL and SIGFPE, of the instruction
  uint64_t recovery_ns = 0;  // until the graph before ran again
  std::string element, class_name, version;  // "" when it is not known
  std::vector<std::string> backtrace;        // "function+0x12 in Class 1.0.0", from the innermost outwards
  uint32_t packet_length = 0;                // 0: not known
  std::vector<uint8_t> packet_head;
};

/// Off the path. `graph` is the one that crashed, `older` runs again. Elements of a new library that crashed are
/// condemned: nothing of them is called any more.
FaultReport report_fault(const FaultEvidence& evidence, const ShardGraph& graph, const ShardGraph& older,
                         uint32_t shard);

}  // namespace hotclick::core
