#include <hotclick/element.hpp>

/// A library of an engine that does not exist yet.
static constexpr hc_descriptor of_the_future() {
  hc_descriptor d = {};
  d.abi = HC_ABI_VERSION + 1;
  d.size = sizeof(hc_descriptor);
  return d;
}
extern "C" __attribute__((visibility("default"))) const hc_descriptor hotclick_element;
extern "C" const hc_descriptor hotclick_element = of_the_future();
