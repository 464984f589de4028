/// What an engine and a holder say to each other; engine/holder/holder-protocol.ts has the same.
///
/// Every message begins with a Header. A deposit of more files than a message can have goes in parts, in order. The
/// holder answers each request with a message whose operation is `done` or `refused`, with a text behind it; a take with
/// `part` messages before.
#pragma once
#include <cstdint>

namespace hotclick::holder {

enum class Operation : uint32_t {
  own = 1,     // the sender's files are kept; `count` is the process it takes over from, or 0
  put = 2,     // `count` files in all, here from `first` on; they replace what was there when all are there
  take = 3,    // the files, in parts; they stay here too
  clear = 4,   // there is nothing to keep any more
  status = 5,  // answered with JSON
  stop = 6,    // ends the holder, whatever it has
  part = 16,
  done = 17,
  refused = 18
};

struct Header {
  uint32_t magic;  // protocol_magic: the last byte is the version
  uint32_t operation;
  uint32_t count;
  uint32_t first;
};

constexpr uint32_t protocol_magic = 0x01434848;  // "HHC", 1
/// Files of one deposit.
constexpr uint32_t most_files = 16384;

}  // namespace hotclick::holder
