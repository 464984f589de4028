/// How the elements of this folder open the interface they are for.
#pragma once
#include <hotclick/element.hpp>

namespace hotclick {

/// The device, or null with an error that says so by its code: the engine reports HC_DEVICE instead of a wrong argument.
inline hc_device* open_interface(hc_instance* self, const char* kind, const char* name, const char* options,
                                 Error& error) {
  char reason[HC_ERROR_SIZE];
  hc_device* device = self->host->device_open(self, kind, name, options, reason);
  if (!device) error.fail("HC_DEVICE: %s", reason);
  return device;
}

}  // namespace hotclick
