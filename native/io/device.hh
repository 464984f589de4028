/// What every device has beside the ABI's part: memory that another engine can go on with, and its descriptors.
#pragma once
#include <hotclick/abi.h>

#include <vector>

namespace hotclick::io {

/// The part of a device that changes with every packet. It may lie in a region, so that another engine finds
/// where this one was, also when it was killed. Each kind says what `place` means.
struct DeviceMemory {
  uint64_t place = 0;
  uint64_t started = 0;  // 1: packets are taken
  hc_device_stats stats = {};
};

/// Where a device comes from.
struct DeviceOrigin {
  DeviceMemory* memory = nullptr;  // outlives the device; null: it has its own
  const std::vector<int>* files =
      nullptr;  // of an open device to go on with (they are duplicated); null: it is new
};

struct Device;

/// How a device works while another engine has one of its own for the same thing. On the host's thread, while the
/// device's own thread does nothing with it.
struct BesideAnother {
  /// From now on frames are taken.
  void (*start)(Device& device);
  /// The kernel's time of the newest frame received, in ns; 0: there was none. It is the same for all engines.
  uint64_t (*last_frame)(Device& device);
  /// What comes first and is not newer was the other engine's: it is passed over.
  void (*pass_over)(Device& device, uint64_t until);
};

struct Device : hc_device {
  DeviceMemory own_memory;
  DeviceMemory* memory = &own_memory;
  /// Another engine has it, now or still: closing it must not disturb what they share.
  bool released = false;
  /// Called by the device's thread when its descriptors have changed; null for nobody.
  void (*on_change)(void* context) = nullptr;
  void* change_context = nullptr;
  /// The descriptors that another engine needs, in an order that the kind knows; -1 for one that is not there.
  /// Any thread.
  std::vector<int> (*files)(Device& device) = nullptr;
  const BesideAnother* beside = nullptr;  // null: it begins with its first receive()
};

}  // namespace hotclick::io
