/// Takes bytes off the front of packets.
///   ... -> Strip(14) -> CheckIPHeader -> ...
#include <hotclick/element.hpp>
using namespace hotclick;

struct Strip : Element {
  uint32_t length = 0;

  void action(Batch& batch) {
    const uint32_t n = length;
    for (Packet& p : batch) p.pull(n < p.length ? n : p.length);
  }
};

constexpr auto info =
    element<Strip>("Strip", "1.0.0")
        .help(
            "Strips bytes from the front of packets.\n\n"
            "Of a packet that is shorter than LENGTH nothing is left; it goes on, empty. Unstrip brings "
            "the bytes back.\n\n"
            "    FromDevice(eth0) -> Strip(14) -> CheckIPHeader -> ...")
        .required<&Strip::length>("LENGTH", "bytes to take off");
HOTCLICK_EXPORT(info)
