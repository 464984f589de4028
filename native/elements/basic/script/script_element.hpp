/// What Script and DriverManager are: an element that runs a list of instructions.
///
/// Theory of operation. The position in the program, the time a `wait` ends and the variables are declared
/// state: an upgrade goes on where the old instance was. The script runs until an instruction blocks it; a
/// timer or the `step` handler lets it go on. Scripts act in shard 0 only, except those that handle packets.
#pragma once
#include <hotclick/element.hpp>

#include "program.hpp"
#include "variables.hpp"

namespace hotclick {

struct ScriptState {
  uint64_t program = 0;  // fingerprint of the program that the position belongs to
  uint64_t wake_at = 0;  // monotonic ns at which the present `wait` ends; 0: it has not begun
  uint32_t position = 0;
  uint32_t steps = 0;  // that the present `pause` has had
  int32_t write_status = 0;
  bool begun = false, ended = false;
  VariableBlock variables;
};
constexpr auto script_state_v1 = schema<ScriptState>(
    1, HC_FIELD(ScriptState, program), HC_FIELD(ScriptState, wake_at), HC_FIELD(ScriptState, position),
    HC_FIELD(ScriptState, steps), HC_FIELD(ScriptState, write_status), HC_FIELD(ScriptState, begun),
    HC_FIELD(ScriptState, ended), HC_FIELD(ScriptState, variables.used),
    HC_FIELD(ScriptState, variables.bytes));

struct ScriptElement : Element {
  enum class Type : uint8_t { active, passive, packet, driver };
  enum class Ending : uint8_t { none, end, exit, stop, error, give };
  enum : uint32_t { not_sent };

  State<ScriptState> state;
  String type_name = {nullptr, 0, 0};
  const char* class_name;
  Type type;
  Program program;

  ScriptElement(const char* name, Type default_type) : class_name(name), type(default_type) {}

  bool configure(Arguments& arguments);
  void start(bool adopted);
  void timer(uint32_t) { proceed(0); }
  void push(uint32_t port, Batch& batch);
  uint32_t pull(uint32_t port, Batch& batch, uint32_t max);

  bool step(const String& text, Error& error);
  bool go_to(const String& text, Error& error);
  bool run_with(const String& text, Error& error);
  bool run_and_give(const String& arguments, Text out, Error& error);
  bool get_variable(const String& name, Text out, Error& error);
  bool set_variable(const String& text, Error& error);

  // For Expander.
  bool variable(const String& name, ScriptText& out);
  bool handler(const String& text, ScriptText& out);

 private:
  static constexpr uint32_t max_jumps = 1000;

  /// A handler's name and what it is called with.
  struct Call {
    ScriptText text, plain;
    String path, arguments;
  };

  bool acts() const { return type == Type::packet || shard()->index == 0; }
  void begin();
  void restart(const String& arguments);
  void proceed(uint32_t steps);
  bool perform(const Instruction& in, uint32_t& jumps);
  bool pass_pause(const Instruction& in);
  bool pass_wait(const Instruction& in);
  bool jump(const Instruction& in, uint32_t& jumps);
  void assign(const Instruction& in);
  void give(const Instruction& in);
  void print(const Instruction& in);
  void read(const Instruction& in);
  void write(const Instruction& in);
  bool write_own(const String& name, const String& value, Error& error);
  void finish(Ending ending);
  int32_t output_of_run(uint32_t port);
  bool expand(const String& text, Quotes quotes, ScriptText& out);
  bool expand_unquoted(const String& text, ScriptText& out);
  bool expand_call(const Instruction& in, bool unquotes, Call& call);
  bool call_read(const String& path, const String& arguments, ScriptText& out);
  void keep(const String& name, const String& value);
  void say(const String& message);
  void say(const char* message);
  void flush();

  Variables variables() const { return Variables(state->variables); }

  ScriptText said_;  // by printn, waiting for the end of its line
  String run_arguments_ = {nullptr, 0, 0};
  uint32_t steps_left_ = 0;
  bool running_ = false;
  Ending ending_ = Ending::none;
};

/// The declaration, but for its help text.
template <class T>
constexpr Declaration<T> declare_script(const char* name) {
  return element<T>(name, "1.0.0")
      .ports("-/-")
      .rest("INSTRUCTIONS", "what to do, one instruction an argument")
      .template argument<&T::type_name>("TYPE", "ACTIVE, PASSIVE, PACKET or DRIVER")
      .template state<&T::state>("position", script_state_v1, "where the script is, and its variables")
      .drop("not-sent", "the script for the packet ended without naming an output")
      .template write<&T::step>("step",
                                "lets the script go on behind `pause` or `wait`; a number: so many times")
      .template write<&T::go_to>("goto", "goes on at a label")
      .template read<&T::run_and_give>("run", merge::first,
                                       "runs the script from its start, with $args; what it returns")
      .template write<&T::run_with>("run", "runs the script from its start; the value is its $args")
      .template write<&T::set_variable>("set", "sets a variable: its name, then its value")
      .template read<&T::get_variable>("get", merge::first, "the value of a variable");
}

}  // namespace hotclick
