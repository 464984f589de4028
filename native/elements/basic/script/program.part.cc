/// How the arguments of a script become instructions.
#include "program.hpp"

namespace hotclick {

bool Program::parse(const Arguments& arguments) {
  host_ = arguments.host;
  list_ = static_cast<Instruction*>(host_->allocate((arguments.size() + 1) * sizeof(Instruction)));
  if (!list_) return arguments.fail("no memory for the script");
  fingerprint_ = arguments.size() + 1;
  for (uint32_t i = 0; i < arguments.size(); ++i) {
    String rest = trimmed(arguments[i]);
    for (uint32_t k = 0; k < rest.length; ++k) {
      fingerprint_ = mix(fingerprint_ ^ static_cast<uint8_t>(rest.data[k]), 0x9E3779B97F4A7C15ull);
    }
    if (rest.length == 0) continue;
    const String word = shift_word(rest);
    if (word.length > 4 && memcmp(word.data, "print", 5) == 0 && rest.length != 0 && rest.data[0] == '>') {
      return arguments.fail_at(i, "printing to a file is not possible here");
    }
    if (!parse_one(word, rest, list_[size_++])) {
      return arguments.fail_at(i, "syntax error at '%.*s'", static_cast<int>(word.length), word.data);
    }
  }
  for (uint32_t i = 0; i < size_; ++i) {
    Instruction& in = list_[i];
    if (in.op != Op::jump || find_label(in.name, in.target)) continue;
    return arguments.fail("no such label '%.*s'", static_cast<int>(in.name.length), in.name.data);
  }
  return true;
}

bool Program::find_label(const String& name, uint32_t& target) const {
  for (uint32_t i = 0; i < size_; ++i) {
    if (list_[i].op != Op::label || !equal(list_[i].name, name)) continue;
    target = i;
    return true;
  }
  if (equals(name, "end"))
    target = to_end;
  else if (equals(name, "exit"))
    target = to_exit;
  else if (equals(name, "stop"))
    target = to_stop;
  else if (equals(name, "error"))
    target = to_error;
  else if (equals(name, "loop") || equals(name, "begin"))
    target = 0;
  else
    return false;
  return true;
}

bool Program::parse_one(const String& word, String rest, Instruction& in) const {
  constexpr Word words[] = {
      {"set", Op::set, Shape::name_and_text},   {"setq", Op::setq, Shape::name_and_text},
      {"init", Op::init, Shape::name_and_text}, {"initq", Op::initq, Shape::name_and_text},
      {"print", Op::print, Shape::text},        {"printq", Op::printq, Shape::text},
      {"printn", Op::printn, Shape::text},      {"printnq", Op::printnq, Shape::text},
      {"read", Op::read, Shape::text},          {"readq", Op::readq, Shape::text},
      {"write", Op::write, Shape::text},        {"writeq", Op::writeq, Shape::text},
      {"pause", Op::pause, Shape::steps},       {"wait_step", Op::pause, Shape::steps},
      {"wait_stop", Op::pause, Shape::steps},   {"wait_time", Op::wait, Shape::text},
      {"wait_for", Op::wait, Shape::text},      {"label", Op::label, Shape::name},
      {"goto", Op::jump, Shape::name_and_text}, {"end", Op::end, Shape::nothing},
      {"exit", Op::exit, Shape::nothing},       {"stop", Op::stop, Shape::nothing},
      {"error", Op::error, Shape::text},        {"errorq", Op::errorq, Shape::text},
      {"return", Op::give, Shape::text},        {"returnq", Op::giveq, Shape::text},
  };
  in = {Op::end, 1, {}, {}};
  if (equals(word, "loop")) {
    in.op = Op::jump;
    in.name = word;
    return rest.length == 0;
  }
  if (equals(word, "wait")) {
    in.op = rest.length == 0 ? Op::pause : Op::wait;
    in.text = rest;
    return true;
  }
  for (const Word& w : words) {
    if (!equals(word, w.text)) continue;
    in.op = w.op;
    if (w.shape == Shape::name || w.shape == Shape::name_and_text) {
      in.name = shift_word(rest);
      if (in.name.length == 0) return false;
    }
    in.text = rest;
    if (w.shape == Shape::nothing || w.shape == Shape::name) return rest.length == 0;
    if (w.op == Op::set || w.op == Op::setq) return rest.length != 0;
    if (w.shape != Shape::steps || rest.length == 0) return true;
    char error[HC_ERROR_SIZE];
    return host_->parse(HC_U32, &rest, &in.target, error) == 0;
  }
  return false;
}

}  // namespace hotclick
