#include "ip_parser.hh"

#include "ip_test_parser.hh"
#include "literals.hh"

namespace hotclick::core {
namespace {

class Parser {
 public:
  Parser(WordReader& words, Expressions& expressions)
      : words_(words), expressions_(expressions), tests_(words) {}

  /// The expression that runs to the end of the words.
  NodeId whole() {
    if (words_.at_end()) return Expressions::always;
    if (words_.remaining() == 1 && (words_.is("-") || words_.is("any") || words_.is("all"))) {
      return Expressions::always;
    }
    const NodeId node = expression();
    if (!words_.failed() && !words_.at_end()) words_.fail("unexpected word");
    return words_.failed() ? Expressions::never : node;
  }

 private:
  // Both bound the stack that a hostile pattern can make us use.
  static constexpr uint32_t deepest = 200;
  struct Level {
    explicit Level(uint32_t& d) : depth(d) { ++depth; }
    ~Level() { --depth; }
    uint32_t& depth;
  };

  NodeId expression() {
    const Level level(depth_);
    if (depth_ > deepest) return words_.fail("the pattern is nested too deeply"), Expressions::never;
    const NodeId condition = alternatives();
    if (words_.failed() || !words_.take("?")) return condition;
    const NodeId yes = expression();
    if (words_.failed()) return Expressions::never;
    if (!words_.take(":"))
      return words_.fail("expected ':' (between spaces) to go with '?'"), Expressions::never;
    const NodeId no = expression();
    return expressions_.choice(condition, yes, no);
  }

  NodeId alternatives() {
    std::vector<NodeId> parts;
    do {
      parts.push_back(terms());
    } while (!words_.failed() && (words_.take("or") || words_.take("||")));
    return expressions_.any(parts);
  }

  bool at_term_end() const {
    return words_.at_end() || words_.is(")") || words_.is("or") || words_.is("||") || words_.is("?") ||
           words_.is(":");
  }

  NodeId terms() {
    std::vector<NodeId> parts;
    do {
      parts.push_back(factor());
      if (words_.failed()) return Expressions::never;
    } while (words_.take("and") || words_.take("&&") || !at_term_end());
    return expressions_.all(parts);
  }

  NodeId factor() {
    bool negated = false;
    while (words_.take("not") || words_.take("!")) negated = !negated;
    NodeId node = Expressions::never;
    if (at_term_end()) {
      words_.fail("expected a test");
    } else if (words_.take("(")) {
      node = expression();
      if (!words_.failed() && !words_.take(")")) words_.fail("expected ')'");
    } else {
      node = test();
    }
    return negated ? expressions_.negation(node) : node;
  }

  NodeId test() {
    if (words_.take("true")) return Expressions::always;
    if (words_.take("false")) return Expressions::never;
    bool negated = false;
    const Primitive primitive = tests_.parse(negated);
    if (words_.failed()) return Expressions::never;
    const NodeId node = build_primitive(primitive, expressions_);
    return negated ? expressions_.negation(node) : node;
  }

  WordReader& words_;
  Expressions& expressions_;
  IpTestParser tests_;
  uint32_t depth_ = 0;
};

}  // namespace

NodeId parse_ip_pattern(std::string_view pattern, Expressions& expressions, Diagnostic& diagnostic) {
  WordReader words(pattern, diagnostic);
  return Parser(words, expressions).whole();
}

FilterRule parse_filter_rule(std::string_view pattern, Expressions& expressions, Diagnostic& diagnostic) {
  WordReader words(pattern, diagnostic);
  FilterRule rule;
  if (words.at_end()) {
    diagnostic.fail_at_end("expected 'allow', 'deny', 'drop' or an output number");
    return rule;
  }
  if (words.take("allow")) {
    rule.port = 0;
  } else if (!words.take("deny") && !words.take("drop")) {
    const auto output = parse_number(words.word());
    // Outputs from 0x8000 on mean "drop for a reason" to the elements.
    if (!output) {
      words.fail("expected 'allow', 'deny', 'drop' or an output number");
    } else if (*output >= 0x8000) {
      words.fail("output number out of range");
    } else {
      rule.port = static_cast<uint16_t>(*output);
      words.skip();
    }
  }
  if (!words.failed()) rule.condition = Parser(words, expressions).whole();
  return rule;
}

}  // namespace hotclick::core
