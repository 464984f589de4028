#include "devices.hh"

#include <arpa/inet.h>
#include <net/if_arp.h>
#include <string.h>
#include <sys/socket.h>

#include "device_options.hh"
#include "interface.hh"

namespace hotclick::io {

hc_device* open_device(hc_shard* shard, const char* kind, const char* name, const char* options, char* error,
                       const DeviceOrigin& origin) {
  if (strcmp(kind, "af_packet") == 0) return open_af_packet(shard, name, options, error, origin);
  if (strcmp(kind, "tun") == 0) return open_tun_tap(shard, false, name, options, error, origin);
  if (strcmp(kind, "tap") == 0) return open_tun_tap(shard, true, name, options, error, origin);
  if (strcmp(kind, "pcap-read") == 0) return open_pcap_reader(shard, name, options, error, origin);
  if (strcmp(kind, "pcap-write") == 0) return open_pcap_writer(shard, name, options, error, origin);
  set_error(error, "unknown kind of device '%s'", kind);
  return nullptr;
}

bool can_be_beside(const char* kind) {
  return strcmp(kind, "af_packet") == 0 || strcmp(kind, "pcap-read") == 0;
}

int interface_address(const char* name, uint8_t mac[6], uint32_t* ip4) {
  const FileDescriptor control(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const InterfaceView view(control.get(), name);
  if (view.index() == 0) return -1;
  view.mac(mac);
  *ip4 = view.ipv4();
  return 0;
}

}  // namespace hotclick::io
