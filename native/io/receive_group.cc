#include "receive_group.hh"

#include <errno.h>
#include <linux/if_packet.h>
#include <string.h>
#include <sys/socket.h>

#include <map>

#include "device_options.hh"
#include "fanout.hh"

#ifndef PACKET_FANOUT_FLAG_IGNORE_OUTGOING
#define PACKET_FANOUT_FLAG_IGNORE_OUTGOING 0x4000
#endif

namespace hotclick::io {
namespace {

std::mutex groups_mutex;
std::map<std::string, std::weak_ptr<ReceiveGroup>> groups;

/// Joins the sockets into a new group in order.
bool join(const ReceiveSet& set, const ReceiveOptions& options, char* error) {
  const uint32_t outgoing = options.outgoing ? 0 : PACKET_FANOUT_FLAG_IGNORE_OUTGOING;
  uint32_t flags = PACKET_FANOUT_CBPF | outgoing | PACKET_FANOUT_FLAG_UNIQUEID;
  uint32_t number = 0;
  for (const auto& ring : set.rings) {
    const uint32_t argument = flags << 16 | number;
    if (setsockopt(ring->fd(), SOL_PACKET, PACKET_FANOUT, &argument, sizeof(argument)) != 0) {
      set_error(error, "cannot join a fanout group: %s", strerror(errno));
      return false;
    }
    if (number != 0) continue;
    uint32_t answer = 0;
    socklen_t size = sizeof(answer);
    if (getsockopt(ring->fd(), SOL_PACKET, PACKET_FANOUT, &answer, &size) != 0) {
      set_error(error, "cannot read the number of a fanout group: %s", strerror(errno));
      return false;
    }
    number = answer & 0xFFFF;
    flags = PACKET_FANOUT_CBPF | outgoing;
    const sock_fprog program = fanout_program(options.outgoing ? FanoutBase::sent_too : FanoutBase::received);
    if (setsockopt(ring->fd(), SOL_PACKET, PACKET_FANOUT_DATA, &program, sizeof(program)) != 0) {
      set_error(error, "cannot set the program of a fanout group: %s", strerror(errno));
      return false;
    }
  }
  return true;
}

}  // namespace

std::shared_ptr<ReceiveGroup> ReceiveGroup::find(const std::string& interface, uint32_t number,
                                                 const std::string& options) {
  const std::string key = interface + ' ' + std::to_string(number) + ' ' + options;
  const std::lock_guard<std::mutex> lock(groups_mutex);
  std::erase_if(groups, [](const auto& entry) { return entry.second.expired(); });
  std::weak_ptr<ReceiveGroup>& known = groups[key];
  std::shared_ptr<ReceiveGroup> group = known.lock();
  if (!group) known = group = std::make_shared<ReceiveGroup>();
  return group;
}

std::shared_ptr<ReceiveSet> ReceiveGroup::current(int interface_index, uint32_t shards,
                                                  const ReceiveOptions& options, char* error) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (std::shared_ptr<ReceiveSet> set = set_.lock(); set && set->interface_index == interface_index)
    return set;
  auto set = std::make_shared<ReceiveSet>();
  set->interface_index = interface_index;
  for (uint32_t i = 0; i < shards; ++i) {
    set->rings.push_back(ReceiveRing::open(interface_index, options, error));
    if (!set->rings.back()) return nullptr;
  }
  if (shards > 1 && !join(*set, options, error)) return nullptr;
  set_ = set;
  return set;
}

std::shared_ptr<ReceiveSet> ReceiveGroup::adopt(int fd, uint32_t shard, uint32_t shards,
                                                const ReceiveOptions& options, char* error) {
  const std::lock_guard<std::mutex> lock(mutex_);
  int interface_index = 0;
  auto ring = ReceiveRing::adopt(fd, options, &interface_index, error);
  if (!ring) return nullptr;
  // In the same process the giver's set is known under the same name: that one stays the giver's.
  auto set = adopting_.lock();
  if (!set || set->interface_index != interface_index || set->rings[shard]) {
    set = std::make_shared<ReceiveSet>();
    set->interface_index = interface_index;
    set->rings.resize(shards);
    adopting_ = set_ = set;
  }
  set->rings[shard] = std::move(ring);
  return set;
}

}  // namespace hotclick::io
