/// Lets packets of one colour pass.
///   ... -> c :: CheckPaint(1) -> ...; c[1] -> ...
#include <hotclick/element.hpp>

#include "paint/annotation.hpp"
using namespace hotclick;

struct CheckPaint : Element {
  enum : uint32_t { other_color };
  uint8_t color = 0;
  String annotation_name = {nullptr, 0, 0};
  ByteAnnotation annotation;

  bool configure(Arguments& arguments) {
    return annotation.set(arguments.host, annotation_name, arguments.raw->error);
  }
  uint32_t route(Packet& p) { return annotation.of(p) == color ? 0 : output_or_drop(1, other_color); }
};

constexpr auto info =
    element<CheckPaint>("CheckPaint", "1.0.0")
        .ports("1/1-2")
        .processing("a/ah")
        .help(
            "Checks the paint annotation of packets.\n\n"
            "Packets painted COLOR leave by output 0, all others by output 1 if it is connected; otherwise "
            "they are "
            "dropped.\n\n"
            "    ... -> c :: CheckPaint(1) -> ...; c[1] -> Discard;\n\n"
            "Differs from Click: ANNO knows PAINT, ICMP_PARAMPROB, FIX_IP_SRC and the user bytes 24 to 47.")
        .required<&CheckPaint::color>("COLOR", "the colour that passes, 0 to 255")
        .positional<&CheckPaint::annotation_name>("ANNO", "another annotation of one byte (default PAINT)")
        .drop("other-color", "the packet had another colour and output 1 is not connected");
HOTCLICK_EXPORT(info)
