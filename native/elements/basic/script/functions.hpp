/// The functions of scripts: arithmetic, comparison, truth values, words. `$(add 1 2)` is 3.
#pragma once
#include "script_text.hpp"

namespace hotclick {

enum class Function : uint8_t {
  add,
  sub,
  mul,
  div,
  idiv,
  min,
  max,
  mod,
  rem,
  neg,
  abs,
  eq,
  ne,
  lt,
  gt,
  le,
  ge,
  negate,
  all,
  any,
  not_all,
  not_any,
  choose,
  in,
  first,
  length,
  unquoted,
  now,
  random,
  none
};

/// Function::none when there is no function of that name.
inline Function find_function(const String& name) {
  constexpr char names[][8] = {"add",   "sub",    "mul",     "div", "idiv",  "min", "max", "mod",
                               "rem",   "neg",    "abs",     "eq",  "ne",    "lt",  "gt",  "le",
                               "ge",    "not",    "and",     "or",  "nand",  "nor", "if",  "in",
                               "first", "length", "unquote", "now", "random"};
  static_assert(sizeof(names) / sizeof(names[0]) == static_cast<size_t>(Function::none));
  for (uint32_t i = 0; i < sizeof(names) / sizeof(names[0]); ++i) {
    if (equals(name, names[i])) return static_cast<Function>(i);
  }
  return Function::none;
}

/// Evaluates functions for a script.
class Calculator {
 public:
  explicit Calculator(hc_shard* shard) : shard_(shard), host_(shard->host) {}

  /// Appends the value; false with the message in `error`.
  bool evaluate(Function f, String arguments, ScriptText& out, char* error) const;
  /// A truth value: true, false, 1, 0, yes, no.
  bool truth(const String& word, bool& value, char* error) const;

 private:
  struct Number {
    bool whole;
    int64_t i;
    double d;
  };
  bool number(const String& word, Number& n) const;
  bool fail(char* error, const char* message) const;
  static bool say(bool value, ScriptText& out);
  bool say(const Number& n, ScriptText& out) const;

  // Whole numbers wrap around as on the machine.
  static int64_t apply(Function f, int64_t a, int64_t b);
  static double apply(Function f, double a, double b);
  bool fold(Function f, String arguments, ScriptText& out, char* error) const;
  bool modulo(String arguments, ScriptText& out, char* error) const;
  bool sign(Function f, const String& arguments, ScriptText& out, char* error) const;
  static int order(const String& a, const String& b);
  bool compare(Function f, String arguments, ScriptText& out, char* error) const;
  bool logic(Function f, String arguments, ScriptText& out, char* error) const;
  bool random(String arguments, ScriptText& out, char* error) const;

  hc_shard* shard_;
  const hc_host* host_;
};

}  // namespace hotclick
