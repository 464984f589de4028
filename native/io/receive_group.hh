/// The receiving sockets of one interface, one for each shard.
///
/// The kernel spreads packets over the sockets of a fanout group by their place in the group: the order of
/// joining, and after the interface was down and up again the order of creation. A socket that leaves makes
/// the last one take its place. So that shard i keeps place i, all sockets of a group are made together, in
/// order, and close together when the last shard has let go. (The kernel refuses to bind a socket of a group
/// anew; when the interface goes and another of that name comes, the whole set is replaced.)
#pragma once
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "receive_ring.hh"

namespace hotclick::io {

/// One set of sockets, bound to one incarnation of the interface.
struct ReceiveSet {
  int interface_index = 0;
  std::vector<std::unique_ptr<ReceiveRing>> rings;  // by shard
};

class ReceiveGroup {
 public:
  /// The group of that interface, number and options in this process; made when there is none yet.
  static std::shared_ptr<ReceiveGroup> find(const std::string& interface, uint32_t number,
                                            const std::string& options);

  /// The set bound to the interface as it is now, made when there is none. Null with `error` set when the
  /// sockets cannot be made, or when the interface is missing or down. Every caller of one group passes the
  /// same values.
  std::shared_ptr<ReceiveSet> current(int interface_index, uint32_t shards, const ReceiveOptions& options,
                                      char* error);
  /// The set that another engine's sockets belong to, with a duplicate of the one of `shard` in its place; the
  /// others come with the other shards. Null with `error` set.
  std::shared_ptr<ReceiveSet> adopt(int fd, uint32_t shard, uint32_t shards, const ReceiveOptions& options,
                                    char* error);

 private:
  std::mutex mutex_;
  std::weak_ptr<ReceiveSet> set_;
  std::weak_ptr<ReceiveSet> adopting_;  // not yet complete
};

}  // namespace hotclick::io
