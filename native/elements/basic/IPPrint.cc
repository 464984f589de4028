/// Shows IP packets in a line each, as tcpdump would.
///   ... -> CheckIPHeader(14) -> IPPrint(in) -> ...
#include <hotclick/element.hpp>

// Text is not fast in any case: small code compiles in a third of the time.
#pragma GCC optimize("Os")
#include "print/ip_line.hpp"
#include "source/setting.hpp"
using namespace hotclick;

struct PrintState {
  Setting<bool> active;
};
constexpr auto print_state_v1 = schema<PrintState>(1, HC_SETTING(PrintState, active));

struct IPPrint : Element {
  State<PrintState> state;
  String label = {nullptr, 0, 0};
  String contents_argument = {"NONE", 4, 0}, payload_argument = {"NONE", 4, 0};
  int32_t max_length = 1500;
  bool id = false, ttl = false, tos = false, length = false, timestamp = true, aggregate = false,
       paint = false;
  bool swap = true, active_argument = true;
  bool only_payload = false;
  Contents contents = Contents::none;

  bool configure(Arguments& arguments) {
    Contents payload = Contents::none;
    if (!parse_contents(arguments.host, contents_argument, contents))
      return bad(arguments, "contents", contents_argument);
    if (!parse_contents(arguments.host, payload_argument, payload))
      return bad(arguments, "payload", payload_argument);
    if (payload == Contents::none) return true;
    if (contents != Contents::none) return arguments.fail("specify at most one of PAYLOAD and CONTENTS");
    contents = payload;
    only_payload = true;
    return true;
  }
  void start(bool) { state->active.settle(active_argument); }
  void action(Batch& batch) {
    if (!state->active.value) return;
    for (Packet& p : batch) {
      if (p.has_network()) describe(p);
    }
  }

  bool active() const { return state->active.value; }
  bool set_active(const String& text, Error& error) {
    return write_setting(self->host, state->active.value, text, error);
  }

 private:
  static bool bad(Arguments& arguments, const char* what, const String& value) {
    return arguments.fail("bad %s value '%.*s'; should be 'NONE', 'HEX', or 'ASCII'", what,
                          static_cast<int>(value.length), value.data);
  }
  void describe(const Packet& p) const {
    Line line;
    if (label.length != 0) line.add(label).add(": ");
    if (timestamp) line.time(p.timestamp).add(": ");
    if (aggregate) line.add('#').number(p.aggregate);
    if (paint) line.add(aggregate ? "." : "paint ").number(p.paint);
    if (aggregate || paint) line.add(": ");
    IpView view;
    if (!IpView::take(p, view)) {
      line.add("truncated-ip");
    } else {
      if (id) line.add("id ").number(net16(view.ip.id)).add(' ');
      if (ttl) line.add("ttl ").number(view.ip.ttl).add(' ');
      if (tos) line.add("tos ").number(view.ip.tos).add(' ');
      if (length) line.add("length ").number(net16(view.ip.total_length)).add(' ');
      add_ip(line, view, swap);
      if (contents != Contents::none) add_contents(line, p, view);
    }
    line.say(self);
  }
  void add_contents(Line& line, const Packet& p, const IpView& view) const {
    const uint8_t* data = p.data;
    const uint8_t* end = p.data + p.length;
    if (only_payload) {
      uint32_t header = 0;
      if (view.ip.first_fragment() && view.ip.protocol == protocol_udp) header = sizeof(UdpHeader);
      if (view.ip.first_fragment() && view.ip.protocol == protocol_tcp && view.length > 12) {
        header = (view.transport[12] >> 4) * 4u;
      }
      data = view.transport + header;
    }
    uint32_t n = data < end ? static_cast<uint32_t>(end - data) : 0;
    if (max_length >= 0 && n > static_cast<uint32_t>(max_length)) n = static_cast<uint32_t>(max_length);
    add_bytes(line, contents, data, n, contents == Contents::hex ? 24 : 48);
  }
};

constexpr auto info =
    element<IPPrint>("IPPrint", "1.0.0")
        .help(
            "Prints IP packets in a line each, in the manner of tcpdump.\n\n"
            "Packets need their network header set, by CheckIPHeader for example; others pass in silence. "
            "All pass "
            "unchanged.\n\n"
            "    ... -> CheckIPHeader(14) -> IPPrint(in, TIMESTAMP false) -> ...\n\n"
            "prints `in: 1.0.0.1.10 > 1.0.0.2.20: . 0:1440(1440,60,1500) ack 0 win 0`: flags, sequence "
            "numbers with "
            "the payload's length, the packet's length and the IP length. Differs from Click: OUTFILE and "
            "CHANNEL do "
            "not exist.")
        .positional<&IPPrint::label>("LABEL", "text in front of every line")
        .argument<&IPPrint::contents_argument>("CONTENTS",
                                               "prints the packet: HEX, ASCII or NONE (default NONE)")
        .argument<&IPPrint::payload_argument>("PAYLOAD", "prints what follows the transport header: likewise")
        .argument<&IPPrint::max_length>("MAXLENGTH", "bytes of contents shown; negative: all (default 1500)")
        .argument<&IPPrint::id>("ID", "shows the IP identification (default false)")
        .argument<&IPPrint::ttl>("TTL", "shows the time to live (default false)")
        .argument<&IPPrint::tos>("TOS", "shows the type of service (default false)")
        .argument<&IPPrint::length>("LENGTH", "shows the IP length (default false)")
        .argument<&IPPrint::timestamp>("TIMESTAMP", "shows the timestamp annotation (default true)")
        .argument<&IPPrint::aggregate>("AGGREGATE", "shows the aggregate annotation (default false)")
        .argument<&IPPrint::paint>("PAINT", "shows the paint annotation (default false)")
        .argument<&IPPrint::swap>("SWAP", "false shows ICMP echo numbers byte-swapped (default true)")
        .argument<&IPPrint::active_argument>("ACTIVE", "false prints nothing (default true)")
        .state<&IPPrint::state>("settings", print_state_v1, "settings changed by handlers")
        .read<&IPPrint::active>("active", merge::same, "whether packets are printed")
        .write<&IPPrint::set_active>("active", "starts or stops printing");
HOTCLICK_EXPORT(info)
