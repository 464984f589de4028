#include <hotclick/element.hpp>
#include <hotclick/icmp_names.hpp>
#include <hotclick/ipv4.hpp>
using namespace hotclick;

struct ICMPPingResponder : Element {
  enum : uint32_t { not_echo, bad_address };

  uint32_t route(Packet& p) {
    Ipv4Header* ip = ipv4_header(p);
    if (!ip || ip->protocol != protocol_icmp || ip->is_fragment()) return output_or_drop(1, not_echo);
    const uint32_t header = ip->header_length(), length = ipv4_length(p, *ip);
    if (length < header + sizeof(IcmpHeader)) return output_or_drop(1, not_echo);
    IcmpHeader* icmp = reinterpret_cast<IcmpHeader*>(p.network() + header);
    if (icmp->type != icmp_echo) return output_or_drop(1, not_echo);
    if (!answerable(*ip)) return output_or_drop(1, bad_address);

    const uint32_t asker = ip->source;
    ip->source = ip->destination;
    ip->destination = asker;
    ip->fragment = 0;
    ip->ttl = 255;
    ip->checksum = 0;
    ip->checksum = checksum(ip, header);
    icmp->type = icmp_echo_reply;
    // Changed, not computed anew: an answer to a damaged request stays recognisably damaged.
    icmp->checksum = checksum_update16(icmp->checksum, net16(icmp_echo << 8), net16(icmp_echo_reply << 8));
    p.set_transport(p.network() + header);
    p.destination = asker;
    p.paint = 0;
    p.timestamp = shard()->now + shard()->wall_offset;
    return 0;
  }

  /// The answer's source must be the request's destination, so that has to be one host, and the asker too
  /// (RFC 1122 3.2.1.3, 3.2.2.6).
  static bool answerable(const Ipv4Header& ip) {
    return !is_multicast_or_reserved(ip.destination) && !is_multicast_or_reserved(ip.source) &&
           !is_zero_network(ip.source);
  }
};

constexpr auto info = element<ICMPPingResponder>("ICMPPingResponder", "1.0.0")
                          .help(R"(Answers ICMP echo requests.

The IP header must have been marked. A request becomes its reply: addresses change places, TTL is 255, the
destination annotation is the asker's address, paint is cleared, and it leaves by output 0. Everything else goes to
output 1, or is dropped if that is not connected.

    ... -> CheckIPHeader(14) -> IPClassifier(icmp type echo) -> ICMPPingResponder -> EtherMirror -> ...

Differs from Click: requests in fragments, and requests to or from multicast and broadcast addresses, are not
answered.)")
                          .ports("1/1-2")
                          .processing("a/ah")
                          .drop("not an echo request", "another packet, and output 1 is not connected")
                          .drop("bad address", "a request to or from an address that is not one host");
HOTCLICK_EXPORT(info)
