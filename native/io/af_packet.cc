/// Device kind "af_packet": an Ethernet interface by packet sockets. `name` is the interface.
///
/// Options:
///   DIRECTION=rx|tx|both   which sockets it has (both)
///   SHARDS=n GROUP=n       spread received packets over the devices of shards 0 to n-1 (the engine's shards,
///   0);
///                          GROUP tells engines in one process apart
///   PROMISC=, OUTBOUND=    true or false (false): all addresses; also what this machine sends
///   SNAPLEN=bytes          cut longer frames (0: never cut)
///   RING=MiB               memory of the receive ring (8)
///   VERSION=2|3 BLOCK=KiB TIMEOUT=ms   the kind of ring, its blocks, when a block is handed over (3, 4, 1)
///   BYPASS=                true or false (true): send past the queueing discipline
///
/// The interface may go down, or go away and come back: the device stays and takes up work again. The
/// interface is looked at every 100 ms, never for a packet. An interface that is missing at the start is an
/// error.
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <mutex>
#include <new>

#include "device_options.hh"
#include "devices.hh"
#include "receive_group.hh"
#include "transmit_socket.hh"

namespace hotclick::io {
namespace {

constexpr uint64_t check_interval_ns = 100'000'000;

struct AfPacketDevice : Device {
  std::string name;
  ReceiveOptions options;
  uint32_t shards = 1;
  bool receives = true, sends = true, bypass = true;
  FileDescriptor control;  // for questions about the interface
  FileDescriptor
      poll;  // the device's fd: an epoll that holds the socket, so that a new socket keeps the number
  std::shared_ptr<ReceiveGroup> group;
  std::shared_ptr<ReceiveSet> set;  // null while there is nothing to receive from
  ReceiveRing* ring = nullptr;
  std::mutex ring_mutex;  // held where `ring` changes, and by other threads that look at it
  bool started = false;
  TransmitSocket transmit;
  int transmit_index = 0;
  uint64_t next_check = 0;

  bool configure(const char* option_text, char* error);
  bool open(char* error);
  void check();
  void attach_receive(int interface_index, char* error);
  void detach_receive();
  bool adopt(const std::vector<int>& descriptors, char* error);
  void start();
  bool watch(char* error);
};

bool AfPacketDevice::configure(const char* option_text, char* error) {
  const DeviceOptions words(option_text);
  if (!words.check({"DIRECTION", "SHARDS", "GROUP", "PROMISC", "OUTBOUND", "SNAPLEN", "RING", "VERSION",
                    "BLOCK", "TIMEOUT", "BYPASS"},
                   error)) {
    return false;
  }
  const std::string_view direction = words.get("DIRECTION", "both");
  receives = direction != "tx";
  sends = direction != "rx";
  if (direction != "rx" && direction != "tx" && direction != "both") {
    set_error(error, "device option DIRECTION must be rx, tx or both");
    return false;
  }
  uint64_t count = shard->count, number = 0, snap = 0, ring = options.ring_bytes >> 20,
           block = options.block_bytes >> 10, version = options.version, timeout = options.timeout_ms;
  if (!words.number("SHARDS", 1, 256, count, error) || !words.number("GROUP", 0, UINT32_MAX, number, error) ||
      !words.number("SNAPLEN", 0, 65535, snap, error) || !words.number("RING", 1, 1024, ring, error) ||
      !words.number("BLOCK", 4, 4096, block, error) || !words.number("VERSION", 2, 3, version, error) ||
      !words.number("TIMEOUT", 1, 1000, timeout, error) ||
      !words.flag("PROMISC", options.promiscuous, error) ||
      !words.flag("OUTBOUND", options.outgoing, error) || !words.flag("BYPASS", bypass, error)) {
    return false;
  }
  if ((block & (block - 1)) != 0) {
    set_error(error, "device option BLOCK must be a power of two");
    return false;
  }
  if (snap != 0 && snap < 64) {
    set_error(error, "device option SNAPLEN must be at least 64");
    return false;
  }
  shards = static_cast<uint32_t>(count);
  if (shard->index >= shards) {
    set_error(error, "shard %u of a device with %u shards", shard->index, shards);
    return false;
  }
  options.version = static_cast<uint32_t>(version);
  options.ring_bytes = static_cast<uint32_t>(ring) << 20;
  options.block_bytes = static_cast<uint32_t>(block) << 10;
  options.timeout_ms = static_cast<uint32_t>(timeout);
  options.snap_length = static_cast<uint32_t>(snap);
  if (receives)
    group = ReceiveGroup::find(name, static_cast<uint32_t>(number), option_text ? option_text : "");
  return true;
}

bool AfPacketDevice::open(char* error) {
  control = FileDescriptor(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const InterfaceView view(control.get(), name.c_str());
  const int index = view.index();
  if (index == 0) {
    set_error(error, "there is no interface '%s'", name.c_str());
    return false;
  }
  if (!view.has_ethernet_header()) {
    set_error(error, "frames of interface '%s' have no Ethernet header", name.c_str());
    return false;
  }
  view.mac(mac);
  mtu = view.mtu();
  memory->stats.link_up = view.running() ? 1 : 0;
  if (sends) {
    if (!transmit.open(index, bypass, error)) return false;
    transmit_index = index;
  }
  if (receives) {
    if (!watch(error)) return false;
    attach_receive(index, error);
    // An interface that is down may refuse to take part in a group; it is tried again when it is up.
    if (!ring && view.up()) return false;
  }
  return true;
}

bool AfPacketDevice::watch(char* error) {
  poll = FileDescriptor(epoll_create1(EPOLL_CLOEXEC));
  fd = poll.get();
  if (!poll.valid()) set_error(error, "cannot make an epoll: %s", strerror(errno));
  return poll.valid();
}

/// The sockets of another engine's device of the same name and options: { receiving, sending }.
bool AfPacketDevice::adopt(const std::vector<int>& descriptors, char* error) {
  released = true;  // the sockets are the giver's until it has handed them out
  control = FileDescriptor(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (descriptors.size() != 2 || (sends && descriptors[1] < 0)) {
    set_error(error, "the sockets of interface '%s' are missing", name.c_str());
    return false;
  }
  const InterfaceView view(control.get(), name.c_str());
  view.mac(mac);
  mtu = view.mtu();
  if (sends && !transmit.adopt(descriptors[1], &transmit_index, error)) return false;
  if (!receives) return true;
  if (!watch(error)) return false;
  // The giver may have been without a socket, while the interface was away: then the next look makes one.
  if (descriptors[0] < 0) return true;
  set = group->adopt(descriptors[0], shard->index, shards, options, error);
  if (!set) return false;
  ring = set->rings[shard->index].get();
  started = memory->started != 0;
  ring->keep_place(&memory->place);
  epoll_event event = {};
  event.events = EPOLLIN;
  epoll_ctl(poll.get(), EPOLL_CTL_ADD, ring->fd(), &event);
  return true;
}

void AfPacketDevice::attach_receive(int interface_index, char* error) {
  const std::lock_guard<std::mutex> lock(ring_mutex);
  set = group->current(interface_index, shards, options, error);
  ring = set ? set->rings[shard->index].get() : nullptr;
  started = false;
  memory->started = 0;
  if (!ring) return;
  ring->keep_place(&memory->place);
  epoll_event event = {};
  event.events = EPOLLIN;
  epoll_ctl(poll.get(), EPOLL_CTL_ADD, ring->fd(), &event);
}

void AfPacketDevice::start() {
  ring->start();
  started = true;
  memory->started = 1;
}

void AfPacketDevice::detach_receive() {
  const std::lock_guard<std::mutex> lock(ring_mutex);
  if (ring) {
    if (!released) {
      ring->add_kernel_counts(&memory->stats);
      ring->stop();  // the socket may live on for the other shards
    }
    epoll_ctl(poll.get(), EPOLL_CTL_DEL, ring->fd(), nullptr);
  }
  ring = nullptr;
  set.reset();
}

/// Follows the interface: link state, and a new interface of the same name.
void AfPacketDevice::check() {
  next_check = shard->now + check_interval_ns;
  const InterfaceView view(control.get(), name.c_str());
  const int index = view.index();
  const uint64_t up = index != 0 && view.running() ? 1 : 0;
  hc_device_stats& stats = memory->stats;
  if (up != stats.link_up) {
    stats.link_up = up;
    ++stats.link_changes;
  }
  if (ring) {
    // A socket whose interface went down carries an error that would make every poll return at once.
    int pending = 0;
    socklen_t size = sizeof(pending);
    getsockopt(ring->fd(), SOL_SOCKET, SO_ERROR, &pending, &size);
  }
  if (index == 0) return;
  char error[HC_ERROR_SIZE];
  if (receives && (!set || set->interface_index != index) && view.up()) {
    // Failures are tried again with the next look.
    if (ring && ring->waiting()) return;  // what came before goes first
    detach_receive();
    attach_receive(index, error);
    if (on_change) on_change(change_context);
  }
  if (sends && transmit_index != index && transmit.rebind(index)) transmit_index = index;
  view.mac(mac);
  mtu = view.mtu();
}

AfPacketDevice& self(hc_device* device) {
  return *static_cast<AfPacketDevice*>(device);
}

uint32_t receive(hc_device* device, hc_batch* batch, uint32_t max) {
  AfPacketDevice& d = self(device);
  if (HC_UNLIKELY(d.shard->now >= d.next_check)) d.check();
  if (HC_UNLIKELY(!d.ring)) return 0;
  if (HC_UNLIKELY(!d.started)) d.start();
  return d.ring->receive(d.shard, batch, max, &d.memory->stats);
}

uint32_t send(hc_device* device, hc_batch* batch) {
  AfPacketDevice& d = self(device);
  if (HC_UNLIKELY(d.shard->now >= d.next_check)) d.check();
  if (HC_UNLIKELY(!d.sends)) return 0;
  return d.transmit.send(d.shard, batch, &d.memory->stats);
}

void flush(hc_device*) {}

void read_stats(hc_device* device, hc_device_stats* stats) {
  AfPacketDevice& d = self(device);
  if (d.ring) d.ring->add_kernel_counts(&d.memory->stats);
  *stats = d.memory->stats;
}

std::vector<int> files(Device& device) {
  AfPacketDevice& d = self(&device);
  const std::lock_guard<std::mutex> lock(d.ring_mutex);
  return {d.ring ? d.ring->fd() : -1, d.transmit.valid() ? d.transmit.fd() : -1};
}

AfPacketDevice& self(Device& device) {
  return static_cast<AfPacketDevice&>(device);
}

constexpr BesideAnother beside = {
    [](Device& device) {
      if (self(device).ring) self(device).start();
    },
    [](Device& device) { return self(device).ring ? self(device).ring->last_frame() : 0; },
    [](Device& device, uint64_t until) {
      if (self(device).ring) self(device).ring->pass_over(until);
    }};

void close(hc_device* device) {
  self(device).detach_receive();
  delete &self(device);
}

}  // namespace

hc_device* open_af_packet(hc_shard* shard, const char* name, const char* options, char* error,
                          const DeviceOrigin& origin) {
  auto* d = new (std::nothrow) AfPacketDevice();
  if (!d) {
    set_error(error, "no memory for a device");
    return nullptr;
  }
  static_cast<hc_device&>(*d) = {receive, send, flush, read_stats, close, -1, 0, shard, {}, 0, 1, nullptr};
  d->name = name;
  d->files = files;
  d->beside = &beside;
  if (origin.memory) d->memory = origin.memory;
  if (d->name.empty() || d->name.size() >= IFNAMSIZ) {
    set_error(error, "'%s' is not the name of an interface", name);
  } else if (d->configure(options, error) &&
             (origin.files ? d->adopt(*origin.files, error) : d->open(error))) {
    return d;
  }
  delete d;
  return nullptr;
}

}  // namespace hotclick::io
