/// A script that decides when the run ends.
///   DriverManager(pause, wait 0.1s, print c.count, stop);
#include <hotclick/element.hpp>

#include "script/script_element.hpp"
using namespace hotclick;

struct DriverManager : ScriptElement {
  DriverManager() : ScriptElement("DriverManager", Type::driver) {}
};

constexpr auto info =
    declare_script<DriverManager>("DriverManager")
        .help(
            "Runs a script that manages the end of the run.\n\n"
            "A Script of TYPE DRIVER. When an element asks to stop (STOP true of a source, `stop` of "
            "another script), this script makes a step instead: it goes on behind the `pause` or `wait` "
            "where it is. The engine stops when this script stops or ends.\n\n"
            "    InfiniteSource(LIMIT 1000, STOP true) -> c :: Counter -> Queue -> Unqueue -> Discard;\n"
            "    DriverManager(pause, wait 0.1s, print c.count, stop);\n\n"
            "Without instructions it waits for one such event. See Script for the instructions. A router "
            "has at most one driver script.");
HOTCLICK_EXPORT(info)
