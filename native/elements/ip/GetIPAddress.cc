#include <hotclick/element.hpp>
#include <hotclick/ipv4.hpp>
#include <hotclick/words.hpp>
using namespace hotclick;

struct GetIPAddress : Element {
  enum : uint32_t { too_short, no_header };
  static constexpr uint32_t not_given = 0xFFFFFFFFu;
  uint32_t offset = not_given;
  String which = {};
  uint32_t header_field = 0;

  bool configure(Arguments& arguments) {
    const bool by_field = which.length != 0;
    if (by_field == (offset != not_given)) return arguments.fail("give either OFFSET or IP");
    if (!by_field) {
      if (offset > HC_BUFFER_SIZE) return arguments.fail("OFFSET %u lies outside any frame", offset);
      return true;
    }
    if (equals(which, "src"))
      header_field = offsetof(Ipv4Header, source);
    else if (equals(which, "dst"))
      header_field = offsetof(Ipv4Header, destination);
    else
      return arguments.fail("IP should be 'src' or 'dst'");
    return true;
  }

  uint32_t route(Packet& p) {
    const uint8_t* from;
    if (offset != not_given) {
      if (HC_UNLIKELY(p.length < 4 || p.length - 4 < offset)) return drop(too_short);
      from = p.data + offset;
    } else {
      if (HC_UNLIKELY(p.network_length() < sizeof(Ipv4Header))) return drop(no_header);
      from = p.network() + header_field;
    }
    memcpy(&p.destination, from, 4);
    return 0;
  }
};

constexpr auto info =
    element<GetIPAddress>("GetIPAddress", "1.0.0")
        .help(R"(Sets the destination annotation from four bytes of the packet.

The annotation is what routing tables and ARPQuerier go by. OFFSET counts from the start of the packet: 16 is the
destination of an IP header at the start. IP takes the address from the marked IP header instead.

    Strip(14) -> GetIPAddress(16) -> rt :: RadixIPLookup(...)
    MarkIPHeader(14) -> GetIPAddress(IP src) -> ...

Differs from Click: a packet that does not have the four bytes is dropped; the ANNO argument is not there.)")
        .ports("1/1")
        .processing("a/a")
        .positional<&GetIPAddress::offset>("OFFSET",
                                           "where the address is, bytes from the start of the packet")
        .argument<&GetIPAddress::which>("IP", "'src' or 'dst': the address of the marked IP header")
        .drop("short packet", "the packet ends before OFFSET + 4")
        .drop("no IP header", "the IP header is not marked or not whole");
HOTCLICK_EXPORT(info)
