/// Shows packets as bytes.
///   ... -> Print(seen, MAXLENGTH 64) -> ...
#include <hotclick/element.hpp>

// Text is not fast in any case: small code compiles in a third of the time.
#pragma GCC optimize("Os")
#include "print/line.hpp"
#include "source/setting.hpp"
using namespace hotclick;

struct PrintState {
  Setting<bool> active;
};
constexpr auto print_state_v1 = schema<PrintState>(1, HC_SETTING(PrintState, active));

struct Print : Element {
  State<PrintState> state;
  String label = {nullptr, 0, 0};
  String contents_argument = {"HEX", 3, 0};
  int32_t max_length = 24;
  bool timestamp = false, annotations = false, headroom = false, active_argument = true;
  Contents contents = Contents::hex;

  bool configure(Arguments& arguments) {
    if (parse_contents(arguments.host, contents_argument, contents)) return true;
    return arguments.fail("bad contents value '%.*s'; should be 'NONE', 'HEX', or 'ASCII'",
                          static_cast<int>(contents_argument.length), contents_argument.data);
  }
  void start(bool) { state->active.settle(active_argument); }
  void action(Batch& batch) {
    if (!state->active.value) return;
    for (Packet& p : batch) describe(p);
  }

  bool active() const { return state->active.value; }
  bool set_active(const String& text, Error& error) {
    return write_setting(self->host, state->active.value, text, error);
  }

 private:
  void describe(const Packet& p) const {
    Line line;
    line.add(label);
    if (timestamp) line.add(label.length != 0 ? ": " : "").time(p.timestamp);
    if (label.length != 0 || timestamp) line.add(": ");
    line.number(p.length, 4);
    if (headroom) line.add(" (h").number(p.headroom()).add(" t").number(p.tailroom()).add(')');
    if (annotations) {
      line.add(" | ");
      for (const uint8_t byte : p.user) line.hex(byte);
    }
    uint32_t n = contents == Contents::none ? 0 : p.length;
    if (max_length >= 0 && n > static_cast<uint32_t>(max_length)) n = static_cast<uint32_t>(max_length);
    if (n != 0) line.add(" | ");
    add_bytes(line, contents, p.data, n, 0);
    line.say(self);
  }
};

constexpr auto info =
    element<Print>("Print", "1.0.0")
        .help(
            "Prints packet contents.\n\n"
            "Says for each packet a line with LABEL, its length and its first bytes, and passes it on "
            "unchanged.\n\n"
            "    ... -> Print(seen, MAXLENGTH 32) -> ...\n\n"
            "prints `seen:   60 | 02010101 01000201 ...`. Differs from Click: PRINTANNO shows the 24 bytes "
            "of user "
            "annotations, and CPU does not exist.")
        .positional<&Print::label>("LABEL", "text in front of every line")
        .positional<&Print::max_length>("MAXLENGTH", "bytes shown; negative: all (default 24)")
        .argument<&Print::contents_argument>("CONTENTS", "HEX, ASCII or NONE (default HEX)")
        .argument<&Print::timestamp>("TIMESTAMP", "shows the timestamp annotation (default false)")
        .argument<&Print::annotations>("PRINTANNO", "shows the user annotations (default false)")
        .argument<&Print::headroom>("HEADROOM", "shows headroom and tailroom (default false)")
        .argument<&Print::active_argument>("ACTIVE", "false prints nothing (default true)")
        .state<&Print::state>("settings", print_state_v1, "settings changed by handlers")
        .read<&Print::active>("active", merge::same, "whether packets are printed")
        .write<&Print::set_active>("active", "starts or stops printing");
HOTCLICK_EXPORT(info)
