/// Packet devices: what the core opens for elements.
#pragma once
#include <hotclick/abi.h>

#include "device.hh"
#include "fanout.hh"

namespace hotclick::io {

/// Opens a device for one shard. Null, with `error` (HC_ERROR_SIZE bytes) set, when that is not possible. The
/// caller ends it with `device->close(device)`. `options` are words KEY=VALUE; a file name may not depend on
/// them. Each kind is described in its own file:
///   "af_packet"              an interface by packet sockets (af_packet.cc)
///   "tun", "tap"             an interface that the kernel makes for us (tun_tap.cc)
///   "pcap-read", "pcap-write" a capture file (pcap_file.cc)
hc_device* open_device(hc_shard* shard, const char* kind, const char* name, const char* options, char* error,
                       const DeviceOrigin& origin = {});

/// Whether two engines can have such a device open at a time without harm to each other.
bool can_be_beside(const char* kind);

/// A device that receives nothing and forgets what it sends, for the trial of new code. Null without memory.
hc_device* open_idle_device(hc_shard* shard, const char* options);

/// Hardware address and first IPv4 address (network order) of an interface; zeros for what it has not. 0 when
/// there is such an interface.
int interface_address(const char* name, uint8_t mac[6], uint32_t* ip4);

// One per kind, for open_device.
hc_device* open_af_packet(hc_shard* shard, const char* name, const char* options, char* error,
                          const DeviceOrigin& origin);
hc_device* open_tun_tap(hc_shard* shard, bool tap, const char* name, const char* options, char* error,
                        const DeviceOrigin& origin);
hc_device* open_pcap_reader(hc_shard* shard, const char* path, const char* options, char* error,
                            const DeviceOrigin& origin);
hc_device* open_pcap_writer(hc_shard* shard, const char* path, const char* options, char* error,
                            const DeviceOrigin& origin);

}  // namespace hotclick::io
