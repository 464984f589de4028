/// Puts bytes back in front of packets.
///   ... -> Strip(14) -> ... -> Unstrip(14) -> ...
#include <hotclick/element.hpp>
using namespace hotclick;

struct Unstrip : Element {
  enum : uint32_t { no_headroom };
  uint32_t length = 0;

  uint32_t route(Packet& p) { return p.push(length) ? 0 : drop(no_headroom); }
};

constexpr auto info =
    element<Unstrip>("Unstrip", "1.0.0")
        .help(
            "Puts bytes in front of packets.\n\n"
            "They are the bytes that Strip took off before; otherwise their content is not defined.\n\n"
            "    ... -> Strip(14) -> ... -> Unstrip(14) -> ...\n\n"
            "Differs from Click: a packet with less than LENGTH bytes of headroom is dropped instead of "
            "being moved to a larger buffer.")
        .required<&Unstrip::length>("LENGTH", "bytes to put in front")
        .drop("no-headroom", "there was no room for LENGTH bytes in front of the packet");
HOTCLICK_EXPORT(info)
