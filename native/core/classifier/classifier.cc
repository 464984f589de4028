#include "classifier.hh"

#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <new>

#include "clause_parser.hh"
#include "compile.hh"
#include "ip_parser.hh"

namespace hotclick::core {
namespace {

enum class Language : uint8_t { unknown, clauses, expressions, rules };

Language language_of(const char* kind) {
  if (std::strcmp(kind, "classifier") == 0) return Language::clauses;
  if (std::strcmp(kind, "ipclassifier") == 0) return Language::expressions;
  if (std::strcmp(kind, "ipfilter") == 0) return Language::rules;
  return Language::unknown;
}

Rule parse_rule(Language language, std::string_view text, uint32_t index, Expressions& expressions,
                Diagnostic& diagnostic) {
  const uint16_t port = static_cast<uint16_t>(index);
  if (language == Language::clauses) return {parse_clauses(text, expressions, diagnostic), port};
  if (language == Language::expressions) return {parse_ip_pattern(text, expressions, diagnostic), port};
  const FilterRule rule = parse_filter_rule(text, expressions, diagnostic);
  return {rule.condition, rule.port};
}

hc_classifier* refuse(char* error, uint32_t* failed, uint32_t index, const std::string& message) {
  *failed = index;
  std::snprintf(error, HC_ERROR_SIZE, "%s", message.c_str());
  return nullptr;
}

/// Appends formatted text; sets `overflow` when it does not fit.
__attribute__((format(printf, 2, 3))) void append(hc_text* out, const char* format, ...) {
  const uint32_t room = out->capacity - out->length;
  va_list arguments;
  va_start(arguments, format);
  const int n = std::vsnprintf(out->data + out->length, room, format, arguments);
  va_end(arguments);
  if (n < 0 || static_cast<uint32_t>(n) >= room) {
    out->overflow = 1;
    return;
  }
  out->length += static_cast<uint32_t>(n);
}

const char* base_name(Base base) {
  static constexpr const char* names[] = {"data", "mac", "ip", "transport"};
  return names[static_cast<uint32_t>(base)];
}

uint64_t intersection_bytes(const Intersection& x) {
  uint64_t bytes = x.row_group.size() * 4 + x.group_port.size() * 2;
  for (const Intersection::Part& p : x.parts) {
    bytes += p.blocks.size() * sizeof(Intersection::Block) + p.words.size() * 8 + p.decided.size() * 4;
  }
  return bytes;
}

void tables_text(const Program& program, hc_text* out) {
  uint64_t lookup_bytes = 0, merge_bytes = 0;
  for (const LookupStep& step : program.lookups) {
    const uint64_t bytes = step.narrow.size() + step.classes.size() * 2;
    lookup_bytes += bytes;
    append(out, "field %s[%u:%u]: table of %llu bytes\n", base_name(step.field.base), step.field.offset,
           step.field.width == Width::word ? 2u : 1u, static_cast<unsigned long long>(bytes));
  }
  for (const MergeStep& step : program.merges) {
    merge_bytes += step.table.size() * 2;
    append(out, "merge: %zu x %u classes\n", step.table.size() / step.stride, step.stride);
  }
  const uint64_t bitmap_bytes = intersection_bytes(program.intersection);
  for (const Intersection::Part& part : program.intersection.parts) {
    append(out, "intersect: %zu classes of %u rows\n", part.decided.size(), program.rows);
  }
  append(out, "bytes: lookups %llu, merges %llu, bitmaps %llu\n",
         static_cast<unsigned long long>(lookup_bytes), static_cast<unsigned long long>(merge_bytes),
         static_cast<unsigned long long>(bitmap_bytes));
}

}  // namespace

hc_classifier* classifier_compile(const char* kind, const hc_string* patterns, uint32_t count, char* error,
                                  uint32_t* failed) {
  return compile_patterns(kind, patterns, count, CompileOptions{}, error, failed);
}

hc_classifier* compile_patterns(const char* kind, const hc_string* patterns, uint32_t count,
                                const CompileOptions& options, char* error, uint32_t* failed) {
  const Language language = language_of(kind);
  if (language == Language::unknown)
    return refuse(error, failed, 0, std::string("unknown kind of classifier: ") + kind);
  if (count >= 0x8000 && language != Language::rules)
    return refuse(error, failed, 0x8000, "too many patterns");
  Expressions expressions;
  std::vector<Rule> rules;
  for (uint32_t i = 0; i < count; ++i) {
    Diagnostic diagnostic;
    const std::string_view text(patterns[i].data ? patterns[i].data : "", patterns[i].length);
    rules.push_back(parse_rule(language, text, i, expressions, diagnostic));
    if (diagnostic.failed()) return refuse(error, failed, i, diagnostic.message);
  }
  hc_classifier* classifier = new (std::nothrow) hc_classifier;
  if (!classifier) return refuse(error, failed, 0, "out of memory");
  CompileError problem;
  if (compile_rules(rules, expressions, options, classifier->program, problem)) return classifier;
  delete classifier;
  return refuse(error, failed, problem.rule, problem.message);
}

void classifier_free(hc_classifier* classifier) {
  delete classifier;
}

void classify(const hc_classifier* classifier, const hc_batch* batch, uint16_t* ports) {
  const Program& program = classifier->program;
  if (program.method == Program::Method::constant) {
    for (uint32_t i = 0; i < batch->count; ++i) ports[i] = program.port;
    return;
  }
  const auto run = program.method == Program::Method::tests ? run_tests : run_tables;
  for (uint32_t at = 0; at < batch->count; at += chunk_size) {
    const uint32_t left = batch->count - at;
    run(program, batch->packets + at, left < chunk_size ? left : chunk_size, ports + at);
  }
}

void classifier_text(const hc_classifier* classifier, hc_text* out) {
  const Program& p = classifier->program;
  append(out, "patterns: %u\n", p.patterns);
  switch (p.method) {
    case Program::Method::constant:
      if (p.port == HC_NO_PORT) {
        append(out, "method: constant, every packet dropped\n");
      } else {
        append(out, "method: constant, every packet to output %u\n", p.port);
      }
      return;
    case Program::Method::tests:
      append(out, "method: tests\n");
      for (const WordTest& t : p.tests) {
        append(out, "test %s[%u:2] & 0x%04x %sin 0x%04x..0x%04x\n", base_name(t.test.base), t.test.offset,
               t.test.mask, t.test.negated ? "not " : "", t.test.low, t.test.high);
      }
      append(out, "bytes: outcomes %zu\n", p.outcomes.size() * 2);
      return;
    case Program::Method::tables:
    case Program::Method::intersection:
      append(out, "rows: %u\n", p.rows);
      append(out, "method: %s\n",
             p.method == Program::Method::tables ? "tables" : "tables, then row bitmaps");
      return tables_text(p, out);
  }
}

}  // namespace hotclick::core
