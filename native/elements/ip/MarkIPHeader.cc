#include <hotclick/element.hpp>
#include <hotclick/ipv4.hpp>
using namespace hotclick;

struct MarkIPHeader : Element {
  uint32_t offset = 0;

  bool configure(Arguments& arguments) {
    if (offset > HC_BUFFER_SIZE) return arguments.fail("OFFSET %u lies outside any frame", offset);
    return true;
  }

  void action(Batch& batch) {
    const uint32_t n = batch.count;
    for (uint32_t i = 0; i < n; ++i) {
      if (i + 8 < n) prefetch(batch.packets[i + 8]->data + offset);
      mark(batch[i]);
    }
  }

  /// A header that is not whole in the frame is left unmarked, so that nobody reads past the end.
  void mark(Packet& p) const {
    p.network_offset = p.transport_offset = 0;
    if (HC_UNLIKELY(p.length < offset || p.length - offset < sizeof(Ipv4Header))) return;
    p.set_network(p.data + offset);
    const uint32_t header = (p.data[offset] & 15u) * 4u;
    if (HC_LIKELY(header >= sizeof(Ipv4Header) && header <= p.length - offset))
      p.set_transport(p.network() + header);
  }
};

constexpr auto info =
    element<MarkIPHeader>("MarkIPHeader", "1.0.0")
        .help(R"(Marks where the IP header is, without a check of its fields.

For packets that are known to be good; otherwise use CheckIPHeader, which also cuts padding and sets the
destination annotation.

    ... -> MarkIPHeader(14) -> IPClassifier(tcp, -)

Differs from Click: a header of which less than 20 bytes are there is left unmarked, and so is a transport header
that would lie outside the frame.)")
        .ports("1/1")
        .processing("a/a")
        .positional<&MarkIPHeader::offset>("OFFSET", "where the IP header begins, bytes; default 0");
HOTCLICK_EXPORT(info)
