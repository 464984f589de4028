/// The instructions of a script, checked and with their labels found.
#pragma once
#include <hotclick/element.hpp>

#include "script_text.hpp"

namespace hotclick {

enum class Op : uint8_t {
  set,
  setq,
  init,
  initq,
  print,
  printq,
  printn,
  printnq,
  read,
  readq,
  write,
  writeq,
  pause,
  wait,
  label,
  jump,
  end,
  exit,
  stop,
  error,
  errorq,
  give,
  giveq
};

struct Instruction {
  Op op;
  uint32_t target;  // jump: an instruction, or one of Program's ends; pause: how many steps
  String name;      // variable or label
  String text;      // what has to be expanded
};

class Program {
 public:
  /// Targets of jumps that end the script.
  static constexpr uint32_t to_end = 0xFFFFFFF0u, to_exit = to_end + 1, to_stop = to_end + 2,
                            to_error = to_end + 3;

  ~Program() {
    if (list_) host_->release(list_);
  }
  uint32_t size() const { return size_; }
  const Instruction& operator[](uint32_t i) const { return list_[i]; }
  /// Differs between programs: a position in one means nothing in another.
  uint64_t fingerprint() const { return fingerprint_; }

  /// The arguments as instructions; false with the place of the mistake set.
  bool parse(const Arguments& arguments) {
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
  /// A driver script without instructions waits for one stop event.
  void wait_for_one_step() { list_[size_++] = {Op::pause, 1, {}, {}}; }

  bool find_label(const String& name, uint32_t& target) const {
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

 private:
  enum class Shape : uint8_t { nothing, text, name, name_and_text, steps };
  struct Word {
    char text[10];
    Op op;
    Shape shape;
  };
  bool parse_one(const String& word, String rest, Instruction& in) const {
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

  const hc_host* host_ = nullptr;
  Instruction* list_ = nullptr;
  uint32_t size_ = 0;
  uint64_t fingerprint_ = 0;
};

}  // namespace hotclick
