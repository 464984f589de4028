/// Marks packets with a colour.
///   FromDevice(eth0) -> Paint(1) -> ...
#include <hotclick/element.hpp>

#include "paint/annotation.hpp"
#include "source/setting.hpp"
using namespace hotclick;

struct PaintState {
  Setting<uint8_t> color;
};
constexpr auto paint_state_v1 = schema<PaintState>(1, HC_SETTING(PaintState, color));

struct Paint : Element {
  State<PaintState> state;
  uint8_t color_argument = 0;
  String annotation_name = {nullptr, 0, 0};
  ByteAnnotation annotation;

  bool configure(Arguments& arguments) {
    return annotation.set(arguments.host, annotation_name, arguments.raw->error);
  }
  void start(bool) { state->color.settle(color_argument); }
  void action(Batch& batch) {
    const uint8_t color = state->color.value;
    for (Packet& p : batch) annotation.of(p) = color;
  }

  uint32_t color() const { return state->color.value; }
  bool set_color(const String& text, Error& error) {
    return write_setting(self->host, state->color.value, text, error);
  }
};

constexpr auto info =
    element<Paint>("Paint", "1.0.0")
        .help(
            "Sets the paint annotation of packets.\n\n"
            "COLOR, a number from 0 to 255, stays with the packet until it is painted again. CheckPaint "
            "and PaintSwitch look at it.\n\n"
            "    FromDevice(eth0) -> Paint(1) -> ...\n\n"
            "Differs from Click: ANNO knows PAINT, ICMP_PARAMPROB, FIX_IP_SRC and the user bytes 24 to 47.")
        .required<&Paint::color_argument>("COLOR", "the colour, 0 to 255")
        .positional<&Paint::annotation_name>("ANNO", "another annotation of one byte (default PAINT)")
        .state<&Paint::state>("settings", paint_state_v1, "settings changed by handlers")
        .read<&Paint::color>("color", merge::same, "the colour")
        .write<&Paint::set_color>("color", "changes the colour");
HOTCLICK_EXPORT(info)
