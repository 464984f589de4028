#include <hotclick/pattern_element.hpp>
using namespace hotclick;

struct IPClassifier : PatternElement {
  bool configure(Arguments& arguments) {
    return one_pattern_per_output(arguments) && compile("ipclassifier", arguments);
  }
};

constexpr auto info =
    element<IPClassifier>("IPClassifier", "1.0.0")
        .help(R"(Sends IPv4 packets to the output of the first pattern they match; patterns as tcpdump's.

The packets need a marked IP header (CheckIPHeader or MarkIPHeader before it). There is one output for each
pattern; a packet that matches none is dropped. Primitives are, among others, `src host ADDR`, `dst net PREFIX`,
`tcp`, `dst udp port N`, `port 80 or 443`, `tcp opt syn`, `icmp type echo`, `ip frag`, `ip ttl < 2`,
`ip[POS:LEN] VALUE`; they are joined by `and`, `or`, `not`, `? :` and parentheses. `-`, `any` and `all` match
every packet. Ports, TCP flags and ICMP types match in first fragments only.

    IPClassifier(10.0.0.0/24 and syn, dst tcp port 8000 or 8080, icmp type echo, -)

Patterns become one decision structure, so that the cost hardly grows with their number. Differs from Click:
there are no `patternN` handlers, and `program` prints this engine's compiled form.)")
        .ports("1/-")
        .processing("h/h")
        .rest("PATTERN", "one pattern for each output")
        .read<&IPClassifier::text>("program", merge::same, "the compiled patterns, as text")
        .drop("no match", "the packet matches none of the patterns");
HOTCLICK_EXPORT(info)
