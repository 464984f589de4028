#include <hotclick/pattern_element.hpp>
#include <hotclick/words.hpp>
using namespace hotclick;

struct IPFilter : PatternElement {
  bool configure(Arguments& arguments) {
    for (uint32_t i = 0; i < arguments.size(); ++i) {
      if (!check_port(arguments, i)) return false;
    }
    return compile("ipfilter", arguments);
  }

  /// A rule that sends packets to an output that is not there would drop them silently.
  bool check_port(const Arguments& arguments, uint32_t i) const {
    String action;
    char ignored[HC_ERROR_SIZE];
    uint32_t port = 0;
    if (!Words(arguments[i]).next(action)) return true;  // the compiler says what is wrong with it
    const bool numbered = parse_word(self->host, action, port, ignored);
    if (!numbered && !equals(action, "allow")) return true;
    if (port < noutputs()) return true;
    return arguments.fail_at(i, "output port %u out of range, the element has %u", port, noutputs());
  }
};

constexpr auto info = element<IPFilter>("IPFilter", "1.0.0")
                          .help(R"(Filters IPv4 packets by a list of rules, the first that matches decides.

Each argument is `ACTION PATTERN`. ACTION is `allow` (output 0), a port number, or `drop` or `deny`; PATTERN is
as IPClassifier's. A packet that no rule matches is dropped. The packets need a marked IP header (CheckIPHeader
or MarkIPHeader before it).

    IPFilter(deny src net 10.0.0.0/8,
             allow tcp and dst port 22,
             1 udp,
             drop all)

Rules become one decision structure: a thousand cost about as much as ten. Differs from Click: `program` prints
this engine's compiled form.)")
                          .ports("1/-")
                          .processing("h/h")
                          .rest("RULE", "ACTION PATTERN, in the order in which they are tried")
                          .read<&IPFilter::text>("program", merge::same, "the compiled rules, as text")
                          .drop("filtered", "a rule said drop, or no rule matched");
HOTCLICK_EXPORT(info)
