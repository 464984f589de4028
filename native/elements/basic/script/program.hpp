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
  bool parse(const Arguments& arguments);
  /// A driver script without instructions waits for one stop event.
  void wait_for_one_step() { list_[size_++] = {Op::pause, 1, {}, {}}; }

  bool find_label(const String& name, uint32_t& target) const;

 private:
  enum class Shape : uint8_t { nothing, text, name, name_and_text, steps };
  struct Word {
    char text[10];
    Op op;
    Shape shape;
  };
  bool parse_one(const String& word, String rest, Instruction& in) const;

  const hc_host* host_ = nullptr;
  Instruction* list_ = nullptr;
  uint32_t size_ = 0;
  uint64_t fingerprint_ = 0;
};

}  // namespace hotclick
