#include <hotclick/pattern_element.hpp>
using namespace hotclick;

struct Classifier : PatternElement {
  bool configure(Arguments& arguments) {
    return one_pattern_per_output(arguments) && compile("classifier", arguments);
  }
};

constexpr auto info = element<Classifier>("Classifier", "1.0.0")
                          .help(R"(Sends packets to the output of the first pattern that their bytes match.

A pattern is a list of clauses `OFFSET/VALUE` or `OFFSET/VALUE%MASK`, all of which must hold. OFFSET is decimal
and counts from the start of the frame; VALUE and MASK are hexadecimal digits, an even number of them, where `?`
stands for any nibble. `!` before a clause turns it round. The pattern `-` matches every packet. There is one
output for each pattern; a packet that matches none is dropped. A clause about bytes that the packet does not
have does not hold.

    Classifier(12/0806 20/0001,   // 0: ARP requests
               12/0806 20/0002,   // 1: ARP replies
               12/0800,           // 2: IPv4
               -)                 // 3: all else

Differs from Click: the `program` handler prints the compiled form of this engine, not Click's.)")
                          .ports("1/-")
                          .processing("h/h")
                          .rest("PATTERN", "one pattern for each output")
                          .read<&Classifier::text>("program", merge::same, "the compiled patterns, as text")
                          .drop("no match", "the packet matches none of the patterns");
HOTCLICK_EXPORT(info)
