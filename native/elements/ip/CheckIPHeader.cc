#include <hotclick/address_list.hpp>
#include <hotclick/element.hpp>
#include <hotclick/ipv4.hpp>
using namespace hotclick;

// In the order in which they are looked for; drop reasons, counters and the text of `drop_details` follow it.
enum Fault : uint32_t {
  too_short,
  bad_version,
  bad_header_length,
  bad_length,
  bad_checksum,
  bad_source,
  faults
};
constexpr const char* fault_text[faults] = {"tiny packet",   "bad IP version",  "bad IP header length",
                                            "bad IP length", "bad IP checksum", "bad source address"};

struct Counts {
  uint64_t too_short = 0, bad_version = 0, bad_header_length = 0, bad_length = 0, bad_checksum = 0,
           bad_source = 0;
};
constexpr auto counts_v1 = schema<Counts>(1, HC_COUNT(Counts, too_short), HC_COUNT(Counts, bad_version),
                                          HC_COUNT(Counts, bad_header_length), HC_COUNT(Counts, bad_length),
                                          HC_COUNT(Counts, bad_checksum), HC_COUNT(Counts, bad_source));

struct CheckIPHeader : Element {
  uint32_t offset = 0;
  bool verify_checksum = true, details = false, verbose = false;
  String interfaces = {}, bad_sources_text = {}, good_destinations_text = {};
  AddressList bad_sources, good_destinations;
  State<Counts> counts;

  ~CheckIPHeader() {
    bad_sources.release(self->host);
    good_destinations.release(self->host);
  }

  bool configure(Arguments& arguments) {
    char* error = arguments.raw->error;
    if (offset > HC_BUFFER_SIZE) return arguments.fail("OFFSET %u lies outside any frame", offset);
    return bad_sources.add_words(self->host, bad_sources_text, error) &&
           good_destinations.add_words(self->host, good_destinations_text, error) && add_interfaces(error);
  }

  /// The broadcast addresses of the networks that the router is on cannot be a source; packets to the router
  /// itself are let through whatever their source (RFC 1812 5.3.7).
  bool add_interfaces(char* error) {
    const hc_host* host = self->host;
    const uint32_t n = count_words(interfaces);
    if (n == 0) return true;
    if (!bad_sources.reserve(host, n + 2) || !good_destinations.reserve(host, n)) {
      host->fail(error, "out of memory");
      return false;
    }
    String word;
    for (Words w(interfaces); w.next(word);) {
      Ipv4Prefix prefix;
      if (!parse_word(host, word, prefix, error)) return false;
      bad_sources.add(prefix.address | ~prefix.mask);
      good_destinations.add(prefix.address);
    }
    bad_sources.add(0);
    bad_sources.add(0xFFFFFFFFu);
    return true;
  }

  void classify(Batch& batch, uint16_t* ports) {
    const uint32_t n = batch.count;
    for (uint32_t i = 0; i < n && i < 8; ++i) prefetch(batch.packets[i]->data + offset);
    for (uint32_t i = 0; i < n; ++i) {
      if (i + 8 < n) prefetch(batch.packets[i + 8]->data + offset);
      const Fault fault = check(batch[i]);
      ports[i] = HC_LIKELY(fault == faults) ? 0 : refuse(fault);
    }
  }

  Fault check(Packet& p) const {
    const uint32_t present = p.length - offset;
    if (HC_UNLIKELY(p.length < offset || present < sizeof(Ipv4Header))) return too_short;
    uint8_t* at = p.data + offset;
    const Ipv4Header& ip = *reinterpret_cast<const Ipv4Header*>(at);
    uint32_t header = sizeof(Ipv4Header);
    if (HC_UNLIKELY(ip.version_ihl != 0x45)) {
      header = ip.header_length();
      if (ip.version() != 4) return bad_version;
      if (header < sizeof(Ipv4Header)) return bad_header_length;
    }
    const uint32_t total = net16(ip.total_length);
    if (HC_UNLIKELY(total > present || total < header)) return bad_length;
    if (HC_LIKELY(verify_checksum)) {
      const uint16_t sum = HC_LIKELY(header == sizeof(Ipv4Header)) ? checksum20(at) : checksum(at, header);
      if (HC_UNLIKELY(sum != 0)) return bad_checksum;
    }
    if (HC_UNLIKELY(bad_sources.contains(ip.source)) && !good_destinations.contains(ip.destination))
      return bad_source;
    p.network_offset = static_cast<uint16_t>(at - p.buffer);
    p.transport_offset = static_cast<uint16_t>(p.network_offset + header);
    p.destination = ip.destination;
    p.length = offset + total;  // link padding goes
    return faults;
  }

  uint16_t refuse(Fault fault) {
    uint64_t* count = &counts->too_short;
    if (verbose || drops() == 0) self->host->log(self, "IP header check failed: %s", fault_text[fault]);
    ++count[fault];
    return static_cast<uint16_t>(output_or_drop(1, fault));
  }

  uint64_t drops() const {
    const Counts& c = *counts;
    return c.too_short + c.bad_version + c.bad_header_length + c.bad_length + c.bad_checksum + c.bad_source;
  }
  void drop_details(Text out) {
    if (!details) return;
    const uint64_t* count = &counts->too_short;
    for (uint32_t i = 0; i < faults; ++i) {
      out.print("%llu\t%s\n", static_cast<unsigned long long>(count[i]), fault_text[i]);
    }
  }
};

constexpr auto info =
    element<CheckIPHeader>("CheckIPHeader", "1.0.0")
        .help(R"(Checks IPv4 headers and marks where they are.

Looks at length, version, header length, total length, checksum and, if asked to, the source address (RFC 1812
5.2.2, 5.3.7). A good packet is cut to its IP length (link padding goes), its network and transport headers are
marked, its destination annotation is set, and it leaves by output 0. A bad one goes to output 1, or is dropped
if that is not connected. The first bad packet is logged, with VERBOSE all of them.

    c[2] -> CheckIPHeader(14, INTERFACES 18.26.4.1/24 18.26.7.1/24) -> ...

INTERFACES 18.26.4.1/24 stands for BADSRC 18.26.4.255 0.0.0.0 255.255.255.255 and GOODDST 18.26.4.1.

Differs from Click: `drop_details` is always there, empty without DETAILS; the old form with a list of bad
sources as first argument is not taken.)")
        .ports("1/1-2")
        .processing("a/ah")
        .positional<&CheckIPHeader::offset>("OFFSET", "where the IP header begins, bytes; default 0")
        .argument<&CheckIPHeader::interfaces>("INTERFACES", "the router's addresses with their prefixes")
        .argument<&CheckIPHeader::bad_sources_text>("BADSRC", "source addresses that are refused")
        .argument<&CheckIPHeader::good_destinations_text>("GOODDST",
                                                          "destinations for which BADSRC does not hold")
        .argument<&CheckIPHeader::verify_checksum>("CHECKSUM", "verify the header checksum; default true")
        .argument<&CheckIPHeader::details>("DETAILS", "offer counts by cause in drop_details; default false")
        .argument<&CheckIPHeader::verbose>("VERBOSE", "log every bad packet; default false")
        .state<&CheckIPHeader::counts>("counts", counts_v1, "bad packets by cause")
        .read<&CheckIPHeader::drops>("drops", merge::sum, "bad packets seen")
        .read<&CheckIPHeader::drop_details>("drop_details", merge::concat,
                                            "bad packets by cause, with DETAILS")
        .drop("short packet", "less than 20 bytes from OFFSET on")
        .drop("bad version", "the IP version is not 4")
        .drop("bad header length", "the header says it has less than 20 bytes")
        .drop("bad length", "the IP length exceeds the packet, or is less than the header")
        .drop("bad checksum", "the header checksum is wrong")
        .drop("bad source", "the source address is one of BADSRC");
HOTCLICK_EXPORT(info)
