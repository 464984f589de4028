/// What the functions of scripts compute.
#include "functions.hpp"

namespace hotclick {

bool Calculator::evaluate(Function f, String arguments, ScriptText& out, char* error) const {
  if (f != Function::length && f != Function::unquoted) arguments = trimmed(arguments);
  if (f <= Function::max) return fold(f, arguments, out, error);
  if (f <= Function::rem) return modulo(arguments, out, error);
  if (f <= Function::abs) return sign(f, arguments, out, error);
  if (f <= Function::ge) return compare(f, arguments, out, error);
  if (f <= Function::not_any) return logic(f, arguments, out, error);
  switch (f) {
    case Function::choose: {
      bool condition = false;
      if (!truth(shift_word(arguments), condition, error)) return false;
      const String yes = shift_word(arguments);
      out.add(condition ? yes : shift_word(arguments));
      return true;
    }
    case Function::in: {
      const String word = shift_word(arguments);
      bool found = false;
      while (arguments.length != 0) found |= equal(word, shift_word(arguments));
      return say(found, out);
    }
    case Function::first:
      out.add(shift_word(arguments));
      return true;
    case Function::length:
      host_->append(out.out(), "%u", arguments.length);
      return true;
    case Function::unquoted:
      unquote(arguments, out);
      return true;
    case Function::now: {
      const uint64_t time = shard_->now + shard_->wall_offset;
      host_->append(out.out(), "%llu.%06llu", static_cast<unsigned long long>(time / 1'000'000'000),
                    static_cast<unsigned long long>(time / 1000 % 1'000'000));
      return true;
    }
    default:
      return random(arguments, out, error);
  }
}

bool Calculator::truth(const String& word, bool& value, char* error) const {
  return host_->parse(HC_BOOL, &word, &value, error) == 0;
}

bool Calculator::number(const String& word, Number& n) const {
  char error[HC_ERROR_SIZE];
  n.whole = word.length != 0 && host_->parse(HC_I64, &word, &n.i, error) == 0;
  if (n.whole) n.d = static_cast<double>(n.i);
  return n.whole || (word.length != 0 && host_->parse(HC_F64, &word, &n.d, error) == 0);
}

bool Calculator::fail(char* error, const char* message) const {
  host_->fail(error, "%s", message);
  return false;
}

bool Calculator::say(bool value, ScriptText& out) {
  out.add(value ? "true" : "false");
  return true;
}

bool Calculator::say(const Number& n, ScriptText& out) const {
  if (n.whole)
    host_->append(out.out(), "%lld", static_cast<long long>(n.i));
  else
    host_->append(out.out(), "%.15g", n.d);
  return true;
}

int64_t Calculator::apply(Function f, int64_t a, int64_t b) {
  const auto x = static_cast<uint64_t>(a), y = static_cast<uint64_t>(b);
  switch (f) {
    case Function::add:
      return static_cast<int64_t>(x + y);
    case Function::sub:
      return static_cast<int64_t>(x - y);
    case Function::mul:
      return static_cast<int64_t>(x * y);
    case Function::min:
      return a < b ? a : b;
    default:
      return a > b ? a : b;
  }
}

double Calculator::apply(Function f, double a, double b) {
  switch (f) {
    case Function::add:
      return a + b;
    case Function::sub:
      return a - b;
    case Function::mul:
      return a * b;
    case Function::min:
      return a < b ? a : b;
    case Function::max:
      return a > b ? a : b;
    default:
      return a / b;
  }
}

bool Calculator::fold(Function f, String arguments, ScriptText& out, char* error) const {
  const bool divides = f == Function::div || f == Function::idiv;
  Number total = {!divides, f == Function::mul, f == Function::mul ? 1.0 : 0.0};
  for (bool first = true; arguments.length != 0; first = false) {
    Number n;
    if (!number(shift_word(arguments), n)) return fail(error, "expected list of numbers");
    if (divides && !first && n.d == 0) return fail(error, "division by zero");
    total.whole = total.whole && n.whole;
    if (total.whole) total.i = first ? n.i : apply(f, total.i, n.i);
    total.d = first ? n.d : total.whole ? static_cast<double>(total.i) : apply(f, total.d, n.d);
  }
  if (f == Function::idiv) {
    if (!(total.d > -9e18 && total.d < 9e18)) return fail(error, "the result is too large");
    total.whole = true;
    total.i = static_cast<int64_t>(total.d);
  }
  return say(total, out);
}

bool Calculator::modulo(String arguments, ScriptText& out, char* error) const {
  Number a, b;
  const bool two =
      number(shift_word(arguments), a) && number(shift_word(arguments), b) && arguments.length == 0;
  if (!two || !a.whole || !b.whole) return fail(error, "expected two numbers");
  if (b.i == 0) return fail(error, "division by zero");
  a.i = b.i == -1 ? 0 : a.i % b.i;  // the machine faults when the smallest number is divided by -1
  return say(a, out);
}

bool Calculator::sign(Function f, const String& arguments, ScriptText& out, char* error) const {
  Number n;
  if (!number(arguments, n)) return fail(error, "expected one number");
  if (f == Function::neg || n.d < 0) {
    n.i = apply(Function::sub, 0, n.i);
    n.d = -n.d;
  }
  return say(n, out);
}

int Calculator::order(const String& a, const String& b) {
  const uint32_t n = a.length < b.length ? a.length : b.length;
  const int c = n != 0 ? memcmp(a.data, b.data, n) : 0;
  return c != 0 ? c : static_cast<int>(a.length) - static_cast<int>(b.length);
}

bool Calculator::compare(Function f, String arguments, ScriptText& out, char* error) const {
  const String a = shift_word(arguments), b = shift_word(arguments);
  if (a.length == 0 || b.length == 0 || arguments.length != 0) return fail(error, "expected two numbers");
  Number x, y;
  int c;
  if (number(a, x) && number(b, y)) {
    if (x.whole && y.whole)
      c = x.i < y.i ? -1 : x.i > y.i;
    else
      c = x.d < y.d ? -1 : x.d > y.d;
  } else {
    ScriptText plain_a, plain_b;
    unquote(a, plain_a);
    unquote(b, plain_b);
    c = order(plain_a.view(), plain_b.view());
  }
  switch (f) {
    case Function::eq:
      return say(c == 0, out);
    case Function::ne:
      return say(c != 0, out);
    case Function::lt:
      return say(c < 0, out);
    case Function::gt:
      return say(c > 0, out);
    case Function::le:
      return say(c <= 0, out);
    default:
      return say(c >= 0, out);
  }
}

bool Calculator::logic(Function f, String arguments, ScriptText& out, char* error) const {
  bool every = true, some = false;
  do {
    bool value = false;
    const bool last = arguments.length == 0;
    if (last && f != Function::negate) break;
    if (!truth(shift_word(arguments), value, error)) return false;
    every = every && value;
    some = some || value;
  } while (arguments.length != 0);
  switch (f) {
    case Function::all:
      return say(every, out);
    case Function::any:
      return say(some, out);
    case Function::not_any:
      return say(!some, out);
    default:
      return say(!every, out);
  }
}

bool Calculator::random(String arguments, ScriptText& out, char* error) const {
  uint64_t x = shard_->random ? shard_->random : 0x9E3779B97F4A7C15ull;
  x ^= x << 13;
  x ^= x >> 7;
  x ^= x << 17;
  shard_->random = x;
  uint64_t low = 0, high = 0x7FFFFFFF;
  Number n;
  if (arguments.length != 0) {
    if (!number(shift_word(arguments), n) || !n.whole || n.i < 0) return fail(error, "bad N");
    high = static_cast<uint64_t>(n.i);
    if (arguments.length != 0) {
      low = high;
      if (!number(arguments, n) || !n.whole || n.i < 0) return fail(error, "bad N");
      high = static_cast<uint64_t>(n.i);
    } else if (high-- == 0) {
      return fail(error, "bad N");
    }
    if (high < low) return fail(error, "bad N");
  }
  host_->append(out.out(), "%llu", static_cast<unsigned long long>(low + (x >> 11) % (high - low + 1)));
  return true;
}

}  // namespace hotclick
