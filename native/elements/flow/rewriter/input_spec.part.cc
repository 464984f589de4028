/// How input specifications are read, and written.
#include "input_spec.hpp"

namespace hotclick::flow {

namespace {

/// Splits text at blanks.
class Words {
 public:
  explicit Words(const String& text) : at_(text.data), end_(text.data + text.length) {}
  /// The next word; false at the end.
  bool next(String& word) {
    while (at_ < end_ && blank(*at_)) ++at_;
    if (at_ == end_) return false;
    const char* start = at_;
    while (at_ < end_ && !blank(*at_)) ++at_;
    word = {start, static_cast<uint32_t>(at_ - start), 0};
    return true;
  }

 private:
  static bool blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
  const char* at_;
  const char* end_;
};

bool same_text(const String& s, const char* text) {
  return s.length == strlen(text) && memcmp(s.data, text, s.length) == 0;
}

/// A decimal number of at most `limit`; false for anything else.
bool parse_number(const char* at, const char* end, uint32_t limit, uint32_t& value) {
  if (at == end) return false;
  uint64_t v = 0;
  for (; at < end; ++at) {
    if (*at < '0' || *at > '9') return false;
    v = v * 10 + static_cast<uint32_t>(*at - '0');
    if (v > limit) return false;
  }
  value = static_cast<uint32_t>(v);
  return true;
}
bool parse_number(const String& s, uint32_t limit, uint32_t& value) {
  return parse_number(s.data, s.data + s.length, limit, value);
}

bool refuse(const char*& problem, const char* message) {
  problem = message;
  return false;
}
bool parse_address(const String& word, const hc_host* host, uint32_t& address) {
  if (same_text(word, "-")) return true;
  char ignored[HC_ERROR_SIZE];
  return host->parse(HC_IP4, &word, &address, ignored) == 0;
}
}  // namespace

bool InputSpec::parse_outputs(const String& forward, const String& reply, uint32_t noutputs,
                              const char*& problem) {
  uint32_t f = 0, r = 0;
  if (!parse_number(forward, UINT32_MAX, f)) return refuse(problem, "bad forward port");
  if (!parse_number(reply, UINT32_MAX, r)) return refuse(problem, "bad reply port");
  if (f >= noutputs || r >= noutputs) return refuse(problem, "output port out of range");
  forward_output = static_cast<uint8_t>(f);
  reply_output = static_cast<uint8_t>(r);
  return true;
}

bool InputSpec::parse_source_port(const String& word) {
  if (same_text(word, "-")) return true;
  const char* end = word.data + word.length;
  const char* dash = static_cast<const char*>(memchr(word.data, '-', word.length));
  uint32_t low = 0, high = 0;
  if (!dash) {
    if (!parse_number(word, 65535, low) || low == 0) return false;
    source_port = static_cast<uint16_t>(low);
    return true;
  }
  if (end[-1] == '#') sequential = true;
  if (end[-1] == '#' || end[-1] == '?') {
    prefer_source = false;
    --end;
  }
  // Port 0 cannot be answered, so a range that names it begins at 1.
  if (!parse_number(word.data, dash, 65535, low) || !parse_number(dash + 1, end, 65535, high)) return false;
  if (low == 0) low = 1;
  if (high < low) return false;
  source_port = static_cast<uint16_t>(low);
  source_port_span = static_cast<uint16_t>(high - low);
  return true;
}

bool InputSpec::parse(const String& text, uint32_t noutputs, const hc_host* host, const char*& problem) {
  String word[8];
  uint32_t n = 0;
  Words words(text);
  String next;
  while (words.next(next)) {
    if (n == 8) return refuse(problem, "syntax error");
    word[n++] = next;
  }
  if (n == 0) return refuse(problem, "empty argument");
  const String& verb = word[0];

  if (same_text(verb, "drop") || same_text(verb, "discard")) {
    kind = SpecKind::drop;
    return n == 1 || refuse(problem, "syntax error, expected 'drop'");
  }
  if (same_text(verb, "pass") || same_text(verb, "passthrough") || same_text(verb, "nochange")) {
    kind = SpecKind::pass;
    uint32_t out = 0;
    if (n > 2 || (n == 2 && !parse_number(word[1], UINT32_MAX, out))) {
      return refuse(problem, "syntax error, expected 'pass [OUTPUT]'");
    }
    if (out >= noutputs) return refuse(problem, "output port out of range");
    forward_output = static_cast<uint8_t>(out);
    return true;
  }
  if (same_text(verb, "keep")) {
    kind = SpecKind::keep;
    if (n != 3) return refuse(problem, n < 3 ? "bad forward port" : "syntax error");
    return parse_outputs(word[1], word[2], noutputs, problem);
  }
  if (same_text(verb, "pattern")) {
    kind = SpecKind::pattern;
    if (n == 4) return refuse(problem, "no such pattern (named patterns are not supported)");
    if (n != 7)
      return refuse(problem, "syntax error, expected 'pattern SADDR SPORT DADDR DPORT FOUTPUT ROUTPUT'");
    uint32_t port = 0;
    if (!parse_address(word[1], host, source)) return refuse(problem, "bad source address");
    if (!parse_source_port(word[2])) return refuse(problem, "bad source port");
    if (!parse_address(word[3], host, destination)) return refuse(problem, "bad destination address");
    if (!same_text(word[4], "-") && (!parse_number(word[4], 65535, port) || port == 0)) {
      return refuse(problem, "bad destination port");
    }
    destination_port = static_cast<uint16_t>(port);
    return parse_outputs(word[5], word[6], noutputs, problem);
  }
  return refuse(problem, "unknown specification");
}

void InputSpec::unparse(Text out) const {
  const auto address = [&out](uint32_t a) {
    const auto* b = reinterpret_cast<const uint8_t*>(&a);
    if (a == 0)
      out.print("-");
    else
      out.print("%u.%u.%u.%u", b[0], b[1], b[2], b[3]);
  };
  switch (kind) {
    case SpecKind::drop:
      return out.print("<drop>\n");
    case SpecKind::pass:
      return out.print("<nochange>\n");
    case SpecKind::keep:
      return out.print("<keep>\n");
    case SpecKind::pattern:
      break;
  }
  address(source);
  if (source_port == 0)
    out.print(" - ");
  else if (!chooses_port())
    out.print(" %u ", source_port);
  else
    out.print(" %u-%u ", source_port, source_port + source_port_span);
  address(destination);
  if (destination_port == 0)
    out.print(" -\n");
  else
    out.print(" %u\n", destination_port);
}

}  // namespace hotclick::flow
