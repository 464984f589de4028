/// Device kinds "tun" (frames are IP packets) and "tap" (frames have an Ethernet header): an interface of the
/// kernel whose other end is this program. `name` is the interface; it is made when it does not exist and
/// goes with the last device that is closed, unless it was made persistent before.
///
/// Options:
///   SHARDS=n               one queue for each shard (the engine's shards). The kernel chooses the queue, so
///   a flow
///                          may come in at any shard.
///   GROUP=n                accepted
///   ADDRESS=a.b.c.d/len    the interface's address
///   GATEWAY=a.b.c.d        a default route through that address
///   ETHER=a:b:c:d:e:f      the interface's Ethernet address (tap; the kernel chooses)
///   MTU=bytes              (1500)
///   UP=                    true or false (true): bring it up
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/route.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

#include <hotclick/batch.hpp>
#include <new>
#include <string>

#include "device_options.hh"
#include "devices.hh"
#include "interface.hh"

namespace hotclick::io {
namespace {

/// Frames for one system call each: a call of receive() or send() takes at most so many.
constexpr uint32_t most_at_once = 64;
constexpr uint32_t longest_frame = HC_BUFFER_SIZE - HC_HEADROOM;

struct TunTapDevice : Device {
  FileDescriptor file;
  FileDescriptor control;
  std::string name;
  bool tap = false;

  bool adopt(const std::vector<int>& descriptors, char* error);
  bool open(uint32_t queues, char* error);
  bool set_up(const DeviceOptions& options, char* error);
};

bool TunTapDevice::open(uint32_t queues, char* error) {
  control = FileDescriptor(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  file = FileDescriptor(::open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK));
  if (!file.valid()) {
    set_error(error, "cannot open /dev/net/tun: %s", strerror(errno));
    return false;
  }
  fd = file.get();
  ifreq request = {};
  memcpy(request.ifr_name, name.data(), name.size());
  request.ifr_flags =
      static_cast<short>((tap ? IFF_TAP : IFF_TUN) | IFF_NO_PI | (queues > 1 ? IFF_MULTI_QUEUE : 0));
  if (ioctl(fd, TUNSETIFF, &request) == 0) return true;
  const char* why = errno == EPERM    ? " (needs root or the capability CAP_NET_ADMIN)"
                    : errno == EBUSY  ? " (another program has it)"
                    : errno == EINVAL ? " (there is an interface of that name and another kind)"
                                      : "";
  set_error(error, "cannot make interface '%s': %s%s", name.c_str(), strerror(errno), why);
  return false;
}

/// Another engine's descriptor of the interface, which is set up already.
bool TunTapDevice::adopt(const std::vector<int>& descriptors, char* error) {
  released = true;
  control = FileDescriptor(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (descriptors.size() == 1) file = FileDescriptor(fcntl(descriptors[0], F_DUPFD_CLOEXEC, 3));
  ifreq request = {};
  if (!file.valid() || ioctl(file.get(), TUNGETIFF, &request) != 0) {
    set_error(error, "the descriptor of interface '%s' is missing", name.c_str());
    return false;
  }
  fd = file.get();
  const InterfaceView view(control.get(), name.c_str());
  view.mac(mac);
  mtu = view.mtu();
  return true;
}

void put_address(sockaddr& field, in_addr_t address) {
  sockaddr_in value = {};
  value.sin_family = AF_INET;
  value.sin_addr.s_addr = address;
  memcpy(&field, &value, sizeof(value));
}

/// "a.b.c.d/len" to address and mask in network order.
bool parse_prefix(std::string_view word, in_addr& address, in_addr_t& mask) {
  const size_t slash = word.find('/');
  unsigned length = 32;
  if (slash != std::string_view::npos) {
    const std::string digits(word.substr(slash + 1));
    char* end = nullptr;
    const unsigned long parsed = strtoul(digits.c_str(), &end, 10);
    if (digits.empty() || *end != 0 || parsed > 32) return false;
    length = static_cast<unsigned>(parsed);
  }
  mask = length == 0 ? 0 : htonl(~0u << (32 - length));
  return inet_pton(AF_INET, std::string(word.substr(0, slash)).c_str(), &address) == 1;
}

bool TunTapDevice::set_up(const DeviceOptions& options, char* error) {
  uint64_t wanted_mtu = 0;
  bool up = true;
  if (!options.number("MTU", 68, longest_frame - 18, wanted_mtu, error) || !options.flag("UP", up, error))
    return false;
  auto request = [this] {
    ifreq r = {};
    memcpy(r.ifr_name, name.data(), name.size());
    return r;
  };
  auto refused = [&](const char* what) {
    set_error(error, "cannot set %s of interface '%s': %s", what, name.c_str(), strerror(errno));
    return false;
  };
  if (wanted_mtu != 0) {
    ifreq r = request();
    r.ifr_mtu = static_cast<int>(wanted_mtu);
    if (ioctl(control.get(), SIOCSIFMTU, &r) != 0) return refused("the MTU");
  }
  if (const std::string_view word = options.get("ETHER"); !word.empty()) {
    ifreq r = request();
    if (ioctl(control.get(), SIOCGIFHWADDR, &r) != 0) return refused("the Ethernet address");
    auto* bytes = reinterpret_cast<uint8_t*>(r.ifr_hwaddr.sa_data);
    if (sscanf(std::string(word).c_str(), "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx", bytes, bytes + 1, bytes + 2,
               bytes + 3, bytes + 4, bytes + 5) != 6) {
      set_error(error, "device option ETHER must be like 02:00:00:00:00:01");
      return false;
    }
    if (ioctl(control.get(), SIOCSIFHWADDR, &r) != 0) return refused("the Ethernet address");
  }
  if (const std::string_view word = options.get("ADDRESS"); !word.empty()) {
    in_addr address = {};
    in_addr_t mask = 0;
    if (!parse_prefix(word, address, mask)) {
      set_error(error, "device option ADDRESS must be like 10.0.0.1/24");
      return false;
    }
    ifreq r = request();
    put_address(r.ifr_addr, address.s_addr);
    if (ioctl(control.get(), SIOCSIFADDR, &r) != 0) return refused("the address");
    put_address(r.ifr_netmask, mask);
    if (ioctl(control.get(), SIOCSIFNETMASK, &r) != 0) return refused("the mask");
  }
  if (up) {
    ifreq r = request();
    if (ioctl(control.get(), SIOCGIFFLAGS, &r) != 0) return refused("the flags");
    r.ifr_flags = static_cast<short>(r.ifr_flags | IFF_UP);
    if (ioctl(control.get(), SIOCSIFFLAGS, &r) != 0) return refused("the flags");
  }
  if (const std::string_view word = options.get("GATEWAY"); !word.empty()) {
    in_addr gateway = {};
    if (inet_pton(AF_INET, std::string(word).c_str(), &gateway) != 1) {
      set_error(error, "device option GATEWAY must be an IPv4 address");
      return false;
    }
    rtentry route = {};
    put_address(route.rt_dst, 0);
    put_address(route.rt_genmask, 0);
    put_address(route.rt_gateway, gateway.s_addr);
    route.rt_flags = RTF_UP | RTF_GATEWAY;
    if (ioctl(control.get(), SIOCADDRT, &route) != 0 && errno != EEXIST) return refused("a default route");
  }
  const InterfaceView view(control.get(), name.c_str());
  view.mac(mac);
  mtu = view.mtu();
  return true;
}

TunTapDevice& self(hc_device* device) {
  return *static_cast<TunTapDevice*>(device);
}

uint32_t receive(hc_device* device, hc_batch* batch, uint32_t max) {
  TunTapDevice& d = self(device);
  hc_device_stats& stats = d.memory->stats;
  if (max > most_at_once) max = most_at_once;
  if (max > HC_BATCH_CAPACITY - batch->count) max = HC_BATCH_CAPACITY - batch->count;
  uint32_t received = 0;
  while (received < max) {
    Packet* p = allocate_packet(d.shard);
    if (!p) {
      ++stats.rx_no_packet;
      break;
    }
    p->data = p->buffer + HC_HEADROOM;
    uint8_t beyond;  // one byte more than fits shows that the frame was too long
    iovec parts[] = {{p->data, longest_frame}, {&beyond, 1}};
    const ssize_t n = readv(d.fd, parts, 2);
    if (n <= 0 || n > static_cast<ssize_t>(longest_frame)) {
      hc_packet* unused = p;
      release_packets(d.shard, &unused, 1);
      if (n <= 0) break;
      ++stats.rx_too_long;
      continue;
    }
    p->length = static_cast<uint32_t>(n);
    p->timestamp = d.shard->now + d.shard->wall_offset;
    if (d.tap) {
      p->set_mac(p->data);
      if ((p->data[0] & 1) != 0) p->packet_type = p->data[0] == 0xFF ? HC_TYPE_BROADCAST : HC_TYPE_MULTICAST;
    } else {
      p->set_network(p->data);
    }
    batch->packets[batch->count++] = p;
    stats.rx_bytes += p->length;
    ++received;
  }
  stats.rx_packets += received;
  return received;
}

uint32_t send(hc_device* device, hc_batch* batch) {
  TunTapDevice& d = self(device);
  hc_device_stats& stats = d.memory->stats;
  uint32_t done = 0, refused = 0;
  while (done < batch->count && done < most_at_once) {
    const hc_packet* p = batch->packets[done];
    const ssize_t n = write(d.fd, p->data, p->length);
    if (n < 0 && errno != EINVAL && errno != EMSGSIZE && errno != EFAULT)
      break;  // down, or no room: later again
    if (n < 0) {
      ++refused;
    } else {
      stats.tx_bytes += p->length;
    }
    ++done;
  }
  release_packets(d.shard, batch->packets, done);
  batch->count -= done;
  memmove(batch->packets, batch->packets + done, batch->count * sizeof(batch->packets[0]));
  stats.tx_packets += done - refused;
  stats.tx_errors += refused;
  return done - refused;
}

void flush(hc_device*) {}

void read_stats(hc_device* device, hc_device_stats* out) {
  TunTapDevice& d = self(device);
  hc_device_stats& stats = d.memory->stats;
  const uint64_t up = InterfaceView(d.control.get(), d.name.c_str()).running() ? 1 : 0;
  if (up != stats.link_up) ++stats.link_changes;
  stats.link_up = up;
  *out = stats;
}

std::vector<int> files(Device& device) {
  return {self(&device).file.get()};
}

void close(hc_device* device) {
  delete &self(device);
}

}  // namespace

hc_device* open_tun_tap(hc_shard* shard, bool tap, const char* name, const char* options, char* error,
                        const DeviceOrigin& origin) {
  const DeviceOptions words(options);
  uint64_t shards = shard->count;
  if (!words.check({"SHARDS", "GROUP", "ADDRESS", "ETHER", "GATEWAY", "MTU", "UP"}, error) ||
      !words.number("SHARDS", 1, 256, shards, error)) {
    return nullptr;
  }
  if (name[0] == 0 || strlen(name) >= IFNAMSIZ || strchr(name, '%')) {
    set_error(error, "'%s' is not the name of an interface", name);
    return nullptr;
  }
  auto* d = new (std::nothrow) TunTapDevice();
  if (!d) {
    set_error(error, "no memory for a device");
    return nullptr;
  }
  static_cast<hc_device&>(*d) = {receive, send, flush, read_stats, close, -1, 0, shard, {}, 0, 0, nullptr};
  d->name = name;
  d->tap = tap;
  d->link_type = tap ? 1 : 101;
  d->files = files;
  if (origin.memory) d->memory = origin.memory;
  if (origin.files) {
    if (d->adopt(*origin.files, error)) return d;
  } else if (d->open(static_cast<uint32_t>(shards), error) && d->set_up(words, error)) {
    d->memory->stats.link_up = InterfaceView(d->control.get(), name).running() ? 1 : 0;
    return d;
  }
  delete d;
  return nullptr;
}

}  // namespace hotclick::io
