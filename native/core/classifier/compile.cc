#include "compile.hh"

#include <algorithm>

namespace hotclick::core {
namespace {

constexpr size_t most_total_rows = 1u << 17;

/// The tests that matter, as a list and by number of the test.
struct UsedTests {
  UsedTests(const std::vector<Rule>& rules, const Expressions& expressions) {
    std::vector<NodeId> roots;
    for (const Rule& rule : rules) roots.push_back(rule.condition);
    bit.assign(expressions.tests().size(), UINT32_MAX);
    for (uint32_t number : expressions.tests_below(roots)) {
      bit[number] = static_cast<uint32_t>(tests.size());
      tests.push_back(expressions.tests()[number]);
    }
  }
  std::vector<Test> tests;
  std::vector<uint32_t> bit;
};

/// Few enough to do every one for every packet?
bool are_few(const std::vector<Test>& tests, uint32_t limit) {
  std::vector<std::pair<Base, uint16_t>> words;
  for (const Test& t : tests) {
    const std::pair<Base, uint16_t> word{t.base, t.offset};
    if (std::find(words.begin(), words.end(), word) == words.end()) words.push_back(word);
    if (words.size() > most_words) return false;
  }
  return tests.size() <= limit;
}

/// For every node, one bit for each outcome of the tests: whether it holds.
class TruthTables {
 public:
  TruthTables(const Expressions& e, const UsedTests& used)
      : words_(((size_t{1} << used.tests.size()) + 63) / 64) {
    using Kind = Expressions::Kind;
    bits_.resize(e.node_count() * words_);
    for (NodeId node = 0; node < e.node_count(); ++node) {
      const Kind kind = e.kind(node);
      for (size_t w = 0; w < words_; ++w) {
        uint64_t value = kind == Kind::always || kind == Kind::all ? ~uint64_t{0} : 0;
        if (kind == Kind::test) value = test_bits(used.bit[e.test_of(node)], w);
        if (kind == Kind::negation) value = ~bits_[e.operand(node) * words_ + w];
        for (uint32_t i = 0; (kind == Kind::all || kind == Kind::any) && i < e.child_count(node); ++i) {
          const uint64_t part = bits_[e.child(node, i) * words_ + w];
          value = kind == Kind::all ? value & part : value | part;
        }
        bits_[node * words_ + w] = value;
      }
    }
  }
  bool holds(NodeId node, size_t outcome) const {
    return bits_[node * words_ + outcome / 64] >> outcome % 64 & 1;
  }

 private:
  /// Bit `o` of word `w` stands for outcome 64 * w + o.
  static uint64_t test_bits(uint32_t test, size_t w) {
    static constexpr uint64_t inside[] = {0xAAAAAAAAAAAAAAAA, 0xCCCCCCCCCCCCCCCC, 0xF0F0F0F0F0F0F0F0,
                                          0xFF00FF00FF00FF00, 0xFFFF0000FFFF0000, 0xFFFFFFFF00000000};
    if (test < 6) return inside[test];
    if (test == UINT32_MAX) return 0;  // nobody asks
    return w >> (test - 6) & 1 ? ~uint64_t{0} : 0;
  }

  size_t words_;
  std::vector<uint64_t> bits_;
};

void compile_tests(const std::vector<Rule>& rules, const Expressions& expressions, const UsedTests& used,
                   Program& program) {
  program.method = Program::Method::tests;
  for (const Test& t : used.tests) {
    const auto at = std::find_if(program.words.begin(), program.words.end(), [&](const Program::Word& w) {
      return w.base == t.base && w.offset == t.offset;
    });
    program.tests.push_back({t, static_cast<uint16_t>(at - program.words.begin())});
    if (at == program.words.end()) program.words.push_back({t.base, t.offset});
    program.read_at(t.base, t.offset + 2u);
  }
  const TruthTables truth(expressions, used);
  program.outcomes.assign(size_t{1} << used.tests.size(), HC_NO_PORT);
  for (size_t o = 0; o < program.outcomes.size(); ++o) {
    for (const Rule& rule : rules) {
      if (!truth.holds(rule.condition, o)) continue;
      program.outcomes[o] = rule.port;
      break;
    }
  }
}

struct NumberedRows {
  Rows rows;
  RowGroups groups;
};

bool make_rows(const std::vector<Rule>& rules, RowBuilder& builder, NumberedRows& out, CompileError& error) {
  Rows rows;
  for (uint32_t i = 0; i < rules.size(); ++i) {
    if (!builder.build(rules[i].condition, rows) || out.rows.size() + rows.size() > most_total_rows) {
      error = {"the expression has too many alternatives (more than " +
                   std::to_string(RowBuilder::most_rows) + " in a pattern or " +
                   std::to_string(most_total_rows) + " in all)",
               i};
      return false;
    }
    if (rows.empty()) continue;  // it can never hold
    RowGroups& g = out.groups;
    if (g.port.empty() || g.port.back() != rules[i].port) {
      g.start.push_back(static_cast<uint32_t>(out.rows.size()));
      g.port.push_back(rules[i].port);
    }
    g.of_row.insert(g.of_row.end(), rows.size(), static_cast<uint32_t>(g.port.size() - 1));
    out.rows.insert(out.rows.end(), rows.begin(), rows.end());
    if (rows.size() == 1 && rows[0].empty()) break;  // it always holds
  }
  out.groups.start.push_back(static_cast<uint32_t>(out.rows.size()));
  out.groups.port.push_back(HC_NO_PORT);
  return true;
}

}  // namespace

bool compile_rules(const std::vector<Rule>& rules, const Expressions& expressions,
                   const CompileOptions& options, Program& program, CompileError& error) {
  program.patterns = static_cast<uint32_t>(rules.size());
  const UsedTests used(rules, expressions);
  if (are_few(used.tests, options.most_tests)) {
    compile_tests(rules, expressions, used, program);
    if (!std::equal(program.outcomes.begin() + 1, program.outcomes.end(), program.outcomes.begin()))
      return true;
    program.method = Program::Method::constant;
    program.port = program.outcomes[0];
    return true;
  }
  SetPool pool;
  const FieldTable fields(expressions.tests(), pool);
  if (fields.fields().size() * 2 > most_slots) {
    error = {"the patterns look at too many bytes (more than " + std::to_string(most_slots / 2) + " fields)",
             0};
    return false;
  }
  RowBuilder builder(expressions, fields, pool);
  NumberedRows numbered;
  if (!make_rows(rules, builder, numbered, error)) return false;
  program.rows = static_cast<uint32_t>(numbered.rows.size());
  const bool constant =
      std::all_of(numbered.rows.begin(), numbered.rows.end(), [](const Row& r) { return r.empty(); });
  if (constant) {
    program.method = Program::Method::constant;
    program.port = numbered.groups.port[0];
    return true;
  }
  Reducer reducer(numbered.rows, numbered.groups, fields.fields(), pool, options.limits);
  return reducer.build(program, error.message);
}

}  // namespace hotclick::core
