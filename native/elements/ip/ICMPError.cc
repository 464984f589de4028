#include <hotclick/address_list.hpp>
#include <hotclick/element.hpp>
#include <hotclick/icmp_names.hpp>
#include <hotclick/ip_options.hpp>
#include <hotclick/ipv4.hpp>
using namespace hotclick;

struct Sequence {
  uint16_t ip_id = 0;
};
constexpr auto sequence_v1 = schema<Sequence>(1, HC_FIELD(Sequence, ip_id));

struct ICMPError : Element {
  enum : uint32_t {
    bad_header,
    about_error,
    fragment,
    link_broadcast,
    bad_destination,
    bad_source,
    bad_redirect,
    no_headroom
  };
  Ipv4Address source;
  String type_text = {}, code_text = {}, bad_addresses_text = {};
  uint8_t type = 0, code = 0;
  uint32_t mtu = 576, path_mtu = 0;
  bool use_fix_annotation = true;
  AddressList bad_addresses;
  State<Sequence> sequence;

  ~ICMPError() { bad_addresses.release(self->host); }

  HC_COLD bool configure(Arguments& arguments) {
    const hc_host* host = self->host;
    if (!parse_icmp_type(host, type_text, type))
      return arguments.fail("TYPE: expected a number or a name of an ICMP type");
    if (!is_icmp_error(type)) return arguments.fail("TYPE: %u is not an ICMP error type", type);
    if (code_text.length != 0 && !parse_icmp_code(host, code_text, type, code)) {
      return arguments.fail("CODE: expected a number or a name of a code of that type");
    }
    // The longest header with source route, the ICMP header, and the least that must be quoted (RFC 792).
    if (mtu < 60 + sizeof(IcmpHeader) + 60 + 8) return arguments.fail("MTU must be at least 136");
    if (path_mtu > 0xFFFF) return arguments.fail("PMTU must be less than 65536");
    return bad_addresses.add_words(host, bad_addresses_text, arguments.raw->error);
  }

  uint32_t route(Packet& p) {
    Ipv4Header* ip = ipv4_header(p);
    if (HC_UNLIKELY(!ip)) return drop(bad_header);
    const uint32_t length = ipv4_length(p, *ip);
    if (HC_UNLIKELY(length < ip->header_length())) return drop(bad_header);
    const uint32_t reason = objection(p, *ip, length);
    if (HC_UNLIKELY(reason != no_objection)) return drop(reason);
    uint8_t options[max_options];
    const uint32_t option_bytes = reversed_route(*ip, options);
    if (HC_UNLIKELY(type == icmp_redirect && (has_source_route(*ip) || p.destination == 0)))
      return drop(bad_redirect);
    return build(p, *ip, length, options, option_bytes) ? 0 : drop(no_headroom);
  }

 private:
  static constexpr uint32_t no_objection = 0xFFFFFFFFu, longest_route = (max_options - 3) / 4;

  /// Packets about which no error may be sent: RFC 1122 3.2.2, RFC 1812 4.3.2.7.
  uint32_t objection(const Packet& p, const Ipv4Header& ip, uint32_t length) const {
    if (!ip.first_fragment()) return fragment;
    if (ip.protocol == protocol_icmp) {
      const uint8_t* icmp = reinterpret_cast<const uint8_t*>(&ip) + ip.header_length();
      if (length == ip.header_length() || is_icmp_error(*icmp)) return about_error;
    }
    if (p.packet_type == HC_TYPE_BROADCAST || p.packet_type == HC_TYPE_MULTICAST) return link_broadcast;
    if (is_multicast_or_reserved(ip.destination) || bad_addresses.contains(ip.destination))
      return bad_destination;
    if (is_zero_network(ip.source) || is_loopback(ip.source) || is_multicast_or_reserved(ip.source) ||
        bad_addresses.contains(ip.source)) {
      return bad_source;
    }
    return no_objection;
  }

  static bool is_route(const IpOptions& o) {
    return (o.at[0] == option_loose_route || o.at[0] == option_strict_route) && o.length >= 3;
  }
  static bool has_source_route(const Ipv4Header& ip) {
    for (IpOptions o(ip); o.next();) {
      if (is_route(o)) return true;
    }
    return false;
  }
  /// The routers that a source-routed packet has passed, in reverse, as an option of the error (RFC
  /// 1812 4.3.2.6). Bytes written, padding included.
  uint32_t reversed_route(const Ipv4Header& ip, uint8_t* options) const {
    if (HC_LIKELY(ip.header_length() == sizeof(Ipv4Header)) || type == icmp_parameter_problem) return 0;
    for (IpOptions o(ip); o.next();) {
      if (!is_route(o)) continue;
      const uint32_t room = (o.length - 3) / 4, pointer = o.at[2];
      uint32_t passed = pointer < 4 ? 0 : (pointer - 4) / 4;
      if (passed > room) passed = room;
      if (passed > longest_route) passed = longest_route;
      if (passed == 0) return 0;
      memset(options, option_end, max_options);
      options[0] = o.at[0];
      options[1] = static_cast<uint8_t>(3 + passed * 4);
      options[2] = 4;
      for (uint32_t i = 0; i < passed; ++i) memcpy(options + 3 + i * 4, o.at + 3 + (passed - 1 - i) * 4, 4);
      return (3 + passed * 4 + 3) & ~3u;
    }
    return 0;
  }

  /// Makes the packet the error about itself: what is quoted stays where it is, new headers come before it.
  bool build(Packet& p, const Ipv4Header& about, uint32_t length, const uint8_t* options,
             uint32_t option_bytes) {
    const uint32_t back_to = about.source, gateway = p.destination;
    const uint32_t header = sizeof(Ipv4Header) + option_bytes, added = header + sizeof(IcmpHeader);
    // As much as fits: RFC 1812 4.3.2.3.
    const uint32_t quoted = length < mtu - added ? length : mtu - added;
    if (HC_UNLIKELY(p.network_offset < added)) return false;
    p.data = p.network() - added;
    p.length = added + quoted;

    Ipv4Header& ip = *reinterpret_cast<Ipv4Header*>(p.data);
    ip = Ipv4Header{};
    ip.version_ihl = static_cast<uint8_t>(0x40 | header / 4);
    ip.tos = 0xC0;  // precedence 6, internetwork control: RFC 1812 4.3.2.5
    ip.total_length = net16(static_cast<uint16_t>(p.length));
    ip.id = net16(++sequence->ip_id);
    ip.ttl = 255;
    ip.protocol = protocol_icmp;
    ip.source = source.value;
    ip.destination = back_to;
    memcpy(p.data + sizeof(Ipv4Header), options, option_bytes);
    ip.checksum = checksum(&ip, header);

    IcmpHeader& icmp = *reinterpret_cast<IcmpHeader*>(p.data + header);
    icmp = IcmpHeader{type, code, 0, rest_word(p, gateway)};
    icmp.checksum = checksum(&icmp, p.length - header);

    p.mac_offset = 0;
    p.set_network(p.data);
    p.set_transport(p.data + header);
    p.destination = back_to;
    p.fix_ip_source = use_fix_annotation;
    p.packet_type = HC_TYPE_HOST;
    p.paint = 0;
    p.flags &= static_cast<uint16_t>(~HC_PACKET_VLAN);
    p.timestamp = shard()->now + shard()->wall_offset;
    return true;
  }
  /// The second word of the ICMP header, in network order.
  uint32_t rest_word(const Packet& p, uint32_t gateway) const {
    if (type == icmp_redirect) return gateway;
    if (type == icmp_parameter_problem && code == 0)
      return net32(static_cast<uint32_t>(p.icmp_parameter) << 24);
    if (type == icmp_unreachable && code == icmp_need_fragmentation) return net32(path_mtu);  // RFC 1191 4
    return 0;
  }
};

constexpr auto info =
    element<ICMPError>("ICMPError", "1.0.0")
        .help(R"(Answers IP packets with an ICMP error message.

The message goes from SRC to the packet's source and quotes as much of the packet as fits into MTU bytes. Its
destination annotation is set, and so is the Fix IP Source annotation, by which FixIPSrc puts in the address of the
interface it leaves by. TYPE and CODE are numbers or names: unreachable (net, host, protocol, port, needfrag, …),
sourcequench, redirect (net, host), timeexceeded (transit, reassembly), parameterproblem (erroratptr, missingopt,
length). A redirect takes its gateway from the destination annotation, a parameter problem at a pointer takes that
from the packet's annotation. A source route is put in reverse into the answer.

No answer is given to ICMP errors, to fragments but the first, to link broadcasts, to packets whose destination or
source is not one host, or is in BADADDRS (RFC 1122 3.2.2, RFC 1812 4.3.2.7).

    dt :: DecIPTTL; dt[1] -> ICMPError(18.26.4.24, timeexceeded) -> [0]rt;

Differs from Click: the precedence is 6 (RFC 1812 4.3.2.5); no redirect is sent for packets with a source route
(RFC 1812 5.2.7.2).)")
        .ports("1/1")
        .processing("a/a")
        .required<&ICMPError::source>("SRC", "source address of the messages")
        .required<&ICMPError::type_text>("TYPE", "ICMP type, number or name")
        .positional<&ICMPError::code_text>("CODE", "ICMP code, number or name; default 0")
        .argument<&ICMPError::bad_addresses_text>(
            "BADADDRS", "addresses about which nothing is sent: broadcasts of the networks around")
        .argument<&ICMPError::mtu>("MTU", "largest message, bytes; default 576")
        .argument<&ICMPError::path_mtu>("PMTU", "the MTU that a message of 'needfrag' reports")
        .argument<&ICMPError::use_fix_annotation>("USE_FIX_ANNO",
                                                  "set the Fix IP Source annotation; default true")
        .state<&ICMPError::sequence>("sequence", sequence_v1, "the last IP identification used")
        .drop("bad header", "no marked IP header, or it is not whole")
        .drop("ICMP error", "the packet is an ICMP error message itself")
        .drop("fragment", "the packet is a fragment, not the first")
        .drop("link broadcast", "the packet came as link-level broadcast or multicast")
        .drop("bad destination",
              "it was sent to a multicast, broadcast or reserved address, or one of BADADDRS")
        .drop("bad source", "its source is not one host, or one of BADADDRS")
        .drop("bad redirect", "a redirect without a gateway, or about a source-routed packet")
        .drop("no headroom", "no room for the headers before the packet");
HOTCLICK_EXPORT(info)
