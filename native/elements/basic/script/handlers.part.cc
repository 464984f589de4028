/// What others ask of a script: its handlers, packets, and the values of its variables.
#include "expander.hpp"
#include "functions.hpp"
#include "script_element.hpp"

namespace hotclick {

bool ScriptElement::step(const String& text, Error& error) {
  // The engine asks with "router" before it stops, in every shard; the script answers in the first.
  const bool stop_event = equals(text, "router");
  if (stop_event && (type != Type::driver || state->ended)) {
    return error.fail("this script does not manage the end of the run");
  }
  uint32_t steps = 1;
  if (!stop_event && text.length != 0 && self->host->parse(HC_U32, &text, &steps, error.text) != 0)
    return false;
  if (!acts() || state->ended) return true;
  proceed(steps);
  return true;
}

bool ScriptElement::go_to(const String& text, Error& error) {
  uint32_t target = 0;
  if (!program.find_label(trimmed(text), target) || target >= Program::to_end) {
    return error.fail("no such label '%.*s'", static_cast<int>(text.length), text.data);
  }
  if (!acts()) return true;
  // An instruction of the script itself is followed by the one behind it.
  state->position = running_ ? target - 1 : target;
  state->steps = 0;
  state->wake_at = 0;
  state->ended = false;
  proceed(0);
  return true;
}

bool ScriptElement::run_with(const String& text, Error& error) {
  if (!acts()) return true;
  if (running_) return error.fail("the script is running already");
  restart(text);
  run_arguments_ = {nullptr, 0, 0};
  if (ending_ != Ending::error) return true;
  return error.fail("the script ended with an error");
}

bool ScriptElement::run_and_give(const String& arguments, Text out, Error&) {
  if (!acts() || running_) return true;
  restart(arguments);
  run_arguments_ = {nullptr, 0, 0};
  String value;
  if (ending_ != Ending::give || !variables().get({"_", 1, 0}, value)) return true;
  out.print("%.*s", static_cast<int>(value.length), value.data);
  return true;
}

bool ScriptElement::get_variable(const String& name, Text out, Error& error) {
  String value;
  if (!variables().get(trimmed(name), value)) {
    return error.fail("no variable '%.*s'", static_cast<int>(name.length), name.data);
  }
  out.print("%.*s", static_cast<int>(value.length), value.data);
  return true;
}

bool ScriptElement::set_variable(const String& text, Error& error) {
  String value = trimmed(text);
  const String name = shift_word(value);
  if (name.length == 0) return error.fail("no variable");
  return variables().set(name, value) || error.fail("no room for the variables");
}

/// The output that the script chooses for a packet from that input; -1: none.
int32_t ScriptElement::output_of_run(uint32_t port) {
  if (running_) return -1;
  ScriptText text;
  self->host->append(text.out(), "%u", port);
  keep({"input", 5, 0}, text.view());
  restart({nullptr, 0, 0});
  if (ending_ == Ending::end) return 0;
  String value;
  int32_t chosen = -1;
  char error[HC_ERROR_SIZE];
  if (ending_ != Ending::give || !variables().get({"_", 1, 0}, value)) return -1;
  return self->host->parse(HC_I32, &value, &chosen, error) == 0 ? chosen : -1;
}

void ScriptElement::push(uint32_t port, Batch& batch) {
  ScratchBatches scratch(shard(), 2);
  if (type != Type::packet || !scratch.ok()) return drop_now(not_sent, batch);
  Batch& all = scratch[0];
  Batch& one = scratch[1];
  all.count = batch.count;
  memcpy(all.packets, batch.packets, batch.count * sizeof(hc_packet*));
  batch.count = 0;
  for (Packet& p : all) {
    const int32_t to = output_of_run(port);
    one.add(p);
    if (to >= 0 && static_cast<uint32_t>(to) < noutputs())
      output(static_cast<uint32_t>(to), one);
    else
      drop_now(not_sent, one);
  }
}

uint32_t ScriptElement::pull(uint32_t, Batch& batch, uint32_t max) {
  if (type != Type::packet) return 0;
  ScratchBatches scratch(shard(), 1);
  if (!scratch.ok()) return 0;
  Batch& one = scratch[0];
  uint32_t got = 0;
  while (got < max && !batch.full()) {
    one.count = 0;
    if (input(0, one, 1) == 0) break;
    const int32_t to = output_of_run(0);
    if (to == 0)
      batch.add(one[0]), ++got;
    else if (to > 0 && static_cast<uint32_t>(to) < noutputs())
      output(static_cast<uint32_t>(to), one);
    else
      drop_now(not_sent, one);
  }
  return got;
}

bool ScriptElement::variable(const String& name, ScriptText& out) {
  String value;
  if (variables().get(name, value)) {
    out.add(value);
  } else if (equals(name, "?")) {
    self->host->append(out.out(), "%d", state->write_status);
  } else if (equals(name, "args")) {
    out.add(run_arguments_);
  } else if (equals(name, "#")) {
    uint32_t n = 0;
    for (String rest = run_arguments_; shift_word(rest).length != 0;) ++n;
    self->host->append(out.out(), "%u", n);
  } else if (name.length == 1 && name.data[0] >= '1' && name.data[0] <= '9') {
    String rest = run_arguments_, word;
    for (int i = name.data[0] - '0'; i > 0; --i) word = shift_word(rest);
    out.add(word);
  } else {
    return false;
  }
  return true;
}

bool ScriptElement::handler(const String& text, ScriptText& out) {
  String arguments = text;
  const String path = shift_word(arguments);
  return call_read(path, arguments, out);
}

/// A read handler, or a function. A function may be called by its name alone, or as one of any script.
bool ScriptElement::call_read(const String& path, const String& arguments, ScriptText& out) {
  uint32_t dot = path.length;
  while (dot > 0 && path.data[dot - 1] != '.') --dot;
  const String name = after(path, dot);
  char error[HC_ERROR_SIZE] = "";
  const bool called_as_function = dot == 0 || arguments.length != 0;
  const Function f = called_as_function ? find_function(name) : Function::none;
  if (f != Function::none) {
    if (Calculator(shard()).evaluate(f, arguments, out, error)) return true;
  } else if (dot == 0 && equals(name, "get")) {
    String value;
    if (variables().get(arguments, value)) return out.add(value), true;
    self->host->fail(error, "no variable '%.*s'", static_cast<int>(arguments.length), arguments.data);
  } else if (dot == 0 && equals(name, "shift")) {
    const String which = arguments.length != 0 ? arguments : String{"args", 4, 0};
    ScriptText before;
    if (variable(which, before)) {
      String rest = before.view();
      out.add(shift_word(rest));
      return keep(which, rest), true;
    }
    self->host->fail(error, "no variable '%.*s'", static_cast<int>(which.length), which.data);
  } else if (self->host->read_handler(self, &path, &arguments, out.out(), error) == 0) {
    return true;
  }
  say(error);
  return false;
}

bool ScriptElement::expand_call(const Instruction& in, bool unquotes, Call& call) {
  if (!expand(in.text, Quotes::keep, call.text)) return false;
  call.arguments = call.text.view();
  call.path = shift_word(call.arguments);
  if (!unquotes) return true;
  unquote(call.arguments, call.plain);
  call.arguments = call.plain.view();
  return true;
}

bool ScriptElement::expand(const String& text, Quotes quotes, ScriptText& out) {
  if (Expander(*this).expand(text, quotes, out)) return true;
  if (out.overflow()) say("the text is too long");
  return false;
}

bool ScriptElement::expand_unquoted(const String& text, ScriptText& out) {
  ScriptText expanded;
  if (!expand(text, Quotes::keep, expanded)) return false;
  unquote(expanded.view(), out);
  return true;
}

void ScriptElement::keep(const String& name, const String& value) {
  if (!variables().set(name, value)) say("no room for the variables");
}

void ScriptElement::say(const String& message) {
  self->host->log(self, "While executing '%s :: %s': %.*s", self->name, class_name,
                  static_cast<int>(message.length), message.data);
}
void ScriptElement::say(const char* message) {
  say(String{message, static_cast<uint32_t>(strlen(message)), 0});
}

/// Prints what has been said so far as a line.
void ScriptElement::flush() {
  String text = said_.view();
  if (text.length == 0) return;
  if (text.data[text.length - 1] == '\n') --text.length;
  self->host->print(self, text.data, text.length);
  said_.clear();
}

}  // namespace hotclick
