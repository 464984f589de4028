/// How scripts run: the bodies of ScriptElement.
#include "expander.hpp"
#include "functions.hpp"
#include "script_element.hpp"

namespace hotclick {

bool ScriptElement::configure(Arguments& arguments) {
  const bool ports = ninputs() != 0 || noutputs() != 0;
  if (equals(type_name, "ACTIVE"))
    type = Type::active;
  else if (equals(type_name, "PASSIVE"))
    type = Type::passive;
  else if (equals(type_name, "PACKET"))
    type = Type::packet;
  else if (equals(type_name, "DRIVER"))
    type = Type::driver;
  else if (type_name.length != 0)
    return arguments.fail("bad TYPE");
  else if (ports && type == Type::active)
    type = Type::packet;
  if (type == Type::packet && ninputs() == 0) return arguments.fail("PACKET script must have inputs");
  if (type != Type::packet && ports) return arguments.fail("ports allowed only on PACKET scripts");
  if (!program.parse(arguments)) return false;
  if (type == Type::driver && program.size() == 0) program.wait_for_one_step();
  return true;
}

void ScriptElement::start(bool adopted) {
  // A run of the engine begins its scripts anew, and so does a changed script.
  if (!adopted || state->program != program.fingerprint()) {
    *state = {};
    state->program = program.fingerprint();
  }
  if (!acts() || state->ended || (type != Type::active && type != Type::driver)) return;
  set_timer(0, state->wake_at != 0 ? state->wake_at : now());
}

void ScriptElement::begin() {
  if (state->begun) return;
  state->begun = true;
  for (uint32_t i = 0; i < program.size(); ++i) {
    if (program[i].op == Op::init || program[i].op == Op::initq) assign(program[i]);
  }
}

void ScriptElement::restart(const String& arguments) {
  run_arguments_ = arguments;
  state->position = state->steps = 0;
  state->wake_at = 0;
  state->ended = false;
  proceed(0);
}

/// Goes on until an instruction blocks or the script ends; `steps` blocking instructions are passed.
void ScriptElement::proceed(uint32_t steps) {
  if (running_) {  // an instruction of this script led here
    steps_left_ += steps;
    return;
  }
  running_ = true;
  ending_ = Ending::none;
  begin();
  steps_left_ = steps;
  uint32_t jumps = 0;
  while (!state->ended) {
    if (state->position >= program.size()) {
      finish(Ending::end);
    } else if (!perform(program[state->position], jumps)) {
      break;
    }
  }
  steps_left_ = 0;
  running_ = false;
  flush();
  const bool stops = ending_ == Ending::stop || (type == Type::driver && ending_ != Ending::none);
  if (stops) self->host->stop(self);
}

/// False when the script is blocked.
bool ScriptElement::perform(const Instruction& in, uint32_t& jumps) {
  switch (in.op) {
    case Op::pause:
      if (!pass_pause(in)) return false;
      break;
    case Op::wait:
      if (!pass_wait(in)) return false;
      break;
    case Op::jump:
      return jump(in, jumps);
    case Op::set:
    case Op::setq:
      assign(in);
      break;
    case Op::print:
    case Op::printq:
    case Op::printn:
    case Op::printnq:
      print(in);
      break;
    case Op::read:
    case Op::readq:
      read(in);
      break;
    case Op::write:
    case Op::writeq:
      write(in);
      break;
    case Op::end:
      finish(Ending::end);
      return true;
    case Op::exit:
      finish(Ending::exit);
      return true;
    case Op::stop:
      finish(Ending::stop);
      return true;
    case Op::give:
    case Op::giveq:
      give(in);
      return true;
    case Op::error:
    case Op::errorq: {
      ScriptText message;
      if (in.op == Op::error ? expand(in.text, Quotes::keep, message) : expand_unquoted(in.text, message)) {
        if (in.text.length != 0) say(message.view());
      }
      finish(Ending::error);
      return true;
    }
    case Op::init:
    case Op::initq:
    case Op::label:
      break;
  }
  if (!state->ended) ++state->position;
  return true;
}

bool ScriptElement::pass_pause(const Instruction& in) {
  while (steps_left_ != 0 && state->steps < in.target) {
    ++state->steps;
    --steps_left_;
  }
  if (state->steps < in.target) return false;
  state->steps = 0;
  return true;
}

bool ScriptElement::pass_wait(const Instruction& in) {
  if (steps_left_ != 0) {
    --steps_left_;
  } else if (state->wake_at == 0) {
    ScriptText text;
    Duration time;
    char error[HC_ERROR_SIZE] = "";
    if (!expand(in.text, Quotes::keep, text)) return true;
    const String plain = trimmed(text.view());
    if (self->host->parse(HC_DURATION, &plain, &time, error) != 0) {
      say(error);
      return true;
    }
    state->wake_at = now() + time.ns;
    set_timer(0, state->wake_at);
    return false;
  } else if (now() < state->wake_at) {
    return false;
  }
  state->wake_at = 0;
  set_timer(0, 0);
  return true;
}

bool ScriptElement::jump(const Instruction& in, uint32_t& jumps) {
  bool taken = true;
  if (in.text.length != 0) {
    ScriptText text;
    char error[HC_ERROR_SIZE] = "";
    if (!expand(in.text, Quotes::keep, text))
      taken = false;
    else if (!Calculator(shard()).truth(trimmed(text.view()), taken, error))
      taken = false, say(error);
  }
  if (!taken) {
    ++state->position;
    return true;
  }
  if (in.target == Program::to_end)
    finish(Ending::end);
  else if (in.target == Program::to_exit)
    finish(Ending::exit);
  else if (in.target == Program::to_stop)
    finish(Ending::stop);
  else if (in.target == Program::to_error)
    finish(Ending::error);
  else if (++jumps < max_jumps)
    state->position = in.target;
  else {
    say("too many jumps, giving up");
    finish(Ending::error);
  }
  return true;
}

void ScriptElement::assign(const Instruction& in) {
  ScriptText value;
  const bool plain = in.op == Op::setq || in.op == Op::initq;
  if (plain ? expand_unquoted(in.text, value) : expand(in.text, Quotes::keep, value))
    keep(in.name, value.view());
}

void ScriptElement::give(const Instruction& in) {
  ScriptText value;
  if (in.op == Op::giveq ? expand_unquoted(in.text, value) : expand(in.text, Quotes::keep, value)) {
    keep({"_", 1, 0}, value.view());
  }
  finish(Ending::give);
}

void ScriptElement::print(const Instruction& in) {
  ScriptText value;
  const char first = in.text.length != 0 ? in.text.data[0] : 0;
  const char letter = static_cast<char>(first | 0x20);
  if ((letter >= 'a' && letter <= 'z') || first == '@' || first == '_') {
    Call call;
    if (!expand_call(in, in.op == Op::printq || in.op == Op::printnq, call)) return;
    if (!call_read(call.path, call.arguments, value)) return;
  } else if (!expand(in.text, Quotes::remove, value)) {
    return;
  }
  said_.add(value.view());
  if (in.op == Op::print || in.op == Op::printq) {
    if (said_.view().length == 0) self->host->print(self, "", 0);
    flush();
  }
}

void ScriptElement::read(const Instruction& in) {
  Call call;
  ScriptText value;
  if (!expand_call(in, in.op == Op::readq, call) || !call_read(call.path, call.arguments, value)) return;
  flush();
  said_.add(call.path);
  said_.add(":\n");
  said_.add(value.view());
  flush();
}

void ScriptElement::write(const Instruction& in) {
  Call call;
  if (!expand_call(in, in.op == Op::writeq, call)) return;
  const String& path = call.path;
  char text[HC_ERROR_SIZE] = "";
  Error error = {text, self->host};
  const bool own = path.length == 0 || memchr(path.data, '.', path.length) == nullptr;
  const bool done = own ? write_own(path, call.arguments, error)
                        : self->host->write_handler(self, &path, &call.arguments, text) == 0;
  state->write_status = done ? 0 : -1;
  if (!done) say(text);
}

/// Handlers without an element's name: those of the script itself, and `stop`.
bool ScriptElement::write_own(const String& name, const String& value, Error& error) {
  if (equals(name, "set")) return set_variable(value, error);
  if (equals(name, "step")) return step(value, error);
  if (equals(name, "goto")) return go_to(value, error);
  if (!equals(name, "stop")) {
    return error.fail("no write handler '%.*s'", static_cast<int>(name.length), name.data);
  }
  finish(Ending::stop);
  return true;
}

void ScriptElement::finish(Ending ending) {
  state->ended = true;
  state->wake_at = 0;
  ending_ = ending;
  set_timer(0, 0);
}

}  // namespace hotclick
