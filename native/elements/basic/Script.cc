/// Does things to the graph by itself: waits, reads and writes handlers, ends the run.
///   Script(wait 10s, read c.count, stop);
#include <hotclick/element.hpp>

#include "script/script_element.hpp"
using namespace hotclick;

struct Script : ScriptElement {
  Script() : ScriptElement("Script", Type::active) {}
};

constexpr auto info = declare_script<Script>("Script").help(
    "Runs a script that controls the graph.\n\n"
    "Each argument is an instruction; they are done one after the other.\n\n"
    "    c :: Counter ...\n"
    "    Script(label again, wait 1s, print c.count, goto again $(lt $(c.count) 1000), stop);\n\n"
    "Values: `set VAR TEXT`, `init VAR TEXT` (once, at the start). Handlers: `read HANDLER`, `write HANDLER "
    "[VALUE]`, "
    "`print TEXT` or `print HANDLER`, `printn` likewise without an end of line. Waiting: `wait TIME`, `pause "
    "[COUNT]` "
    "for the `step` handler (also `wait_time`, `wait_step`, `wait_stop`). Order: `label L`, `goto L "
    "[CONDITION]`, "
    "`loop`, `end`, `exit`, `stop` (the engine), `return VALUE`, `error [MESSAGE]`. With a q at its end "
    "(`setq`, "
    "`writeq`, ...) an instruction removes a layer of quotes after substitution.\n\n"
    "Text may contain `$var`, `${var}`, `${var-default}`, `$?` (how the last write ended), `$args`, `$1` to "
    "`$9`, `$#`, "
    "and `$(HANDLER)`. Functions stand for handlers: add sub mul div idiv min max mod rem neg abs eq ne lt "
    "gt le ge not "
    "and or nand nor if in first length unquote now random get shift.\n\n"
    "TYPE ACTIVE starts with the engine, PASSIVE when its `run` handler is read or written, PACKET (the "
    "default with "
    "ports) runs for each packet and returns its output, DRIVER manages the end of the run, see "
    "DriverManager. A "
    "script acts in the first shard only, except for packets. It goes on where it was after an upgrade.\n\n"
    "Differs from Click: no TYPE PROXY or SIGNAL, no export, save or append, no printing to files, no "
    "sprintf, cat or kill.");
HOTCLICK_EXPORT(info)
