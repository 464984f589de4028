/// A device that stands in for any other where nothing may be opened: it receives nothing, and what it is given
/// to send is gone. New code is tried with it in a process of its own, where a real device would take packets
/// away from the engine, and a real capture file would be emptied.
#include <hotclick/batch.hpp>
#include <new>

#include "device_options.hh"
#include "devices.hh"

namespace hotclick::io {
namespace {

struct IdleDevice : Device {
  bool keep = false;  // as of "pcap-write": what was sent stays in the batch
};

IdleDevice& idle(hc_device* device) {
  return *static_cast<IdleDevice*>(device);
}

uint32_t receive_nothing(hc_device*, hc_batch*, uint32_t) {
  return 0;
}

uint32_t send(hc_device* device, hc_batch* batch) {
  IdleDevice& d = idle(device);
  const uint32_t count = batch->count;
  hc_device_stats& stats = d.memory->stats;
  for (uint32_t i = 0; i < count; ++i) stats.tx_bytes += batch->packets[i]->length;
  stats.tx_packets += count;
  if (!d.keep) {
    release_packets(d.shard, batch->packets, count);
    batch->count = 0;
  }
  return count;
}

void flush_nothing(hc_device*) {}

void read_stats(hc_device* device, hc_device_stats* stats) {
  *stats = idle(device).memory->stats;
}

void close_idle(hc_device* device) {
  delete &idle(device);
}

}  // namespace

hc_device* open_idle_device(hc_shard* shard, const char* options) {
  auto* d = new (std::nothrow) IdleDevice();
  if (!d) return nullptr;
  static_cast<hc_device&>(*d) = {receive_nothing, send, flush_nothing, read_stats, close_idle, -1, 0,
                                 shard,           {},   1500,          1,          nullptr};
  d->memory->stats.link_up = 1;
  d->files = [](Device&) { return std::vector<int>(); };
  char unused[HC_ERROR_SIZE];
  DeviceOptions(options).flag("KEEP", d->keep, unused);
  return d;
}

}  // namespace hotclick::io
