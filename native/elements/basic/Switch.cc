/// Sends all packets to one output, which a handler can change.
///   ... -> s :: Switch(0); s[0] -> ...; s[1] -> ...
#include <hotclick/element.hpp>

#include "source/setting.hpp"
using namespace hotclick;

struct SwitchState {
  Setting<int32_t> output;
};
constexpr auto switch_state_v1 = schema<SwitchState>(1, HC_SETTING(SwitchState, output));

struct Switch : Element {
  enum : uint32_t { switched_off };
  State<SwitchState> state;
  int32_t output_argument = 0;

  bool configure(Arguments& arguments) {
    if (output_argument < static_cast<int32_t>(noutputs())) return true;
    return arguments.fail("output must be < %u", noutputs());
  }
  void start(bool) {
    state->output.settle(output_argument);
    // The graph may have fewer outputs than the one in which the switch was set.
    if (state->output.value >= static_cast<int32_t>(noutputs())) state->output.value = output_argument;
  }
  void push(uint32_t, Batch& batch) {
    const int32_t to = state->output.value;
    if (HC_LIKELY(to >= 0))
      output(static_cast<uint32_t>(to), batch);
    else
      drop_now(switched_off, batch);
  }

  int32_t position() const { return state->output.value; }
  bool set_position(const String& text, Error& error) {
    int32_t to = 0;
    if (!write_setting(self->host, to, text, error)) return false;
    if (to >= static_cast<int32_t>(noutputs())) return error.fail("output must be < %u", noutputs());
    state->output.value = to;
    return true;
  }
};

constexpr auto info =
    element<Switch>("Switch", "1.0.0")
        .ports("1/-")
        .processing("h/h")
        .help(
            "Sends packets to a settable output.\n\n"
            "All packets leave by OUTPUT; a negative number drops them. The handler `switch` changes it "
            "while packets "
            "flow, and an upgrade keeps the change.\n\n"
            "    ... -> s :: Switch(0); s[0] -> ...; s[1] -> ...\n"
            "    Script(wait 10s, write s.switch 1);")
        .positional<&Switch::output_argument>("OUTPUT", "number of the output; negative: drop (default 0)")
        .state<&Switch::state>("settings", switch_state_v1, "settings changed by handlers")
        .drop("switched-off", "OUTPUT was negative")
        .read<&Switch::position>("switch", merge::same, "the output")
        .write<&Switch::set_position>("switch", "changes the output");
HOTCLICK_EXPORT(info)
