#include "ip_test_parser.hh"

#include "names.hh"

namespace hotclick::core {
namespace {

struct TypeWord {
  std::string_view word;
  PrimitiveType type;
  HeaderField field;
};
constexpr int16_t ip = HeaderField::ip_header;
constexpr TypeWord type_words[] = {
    {"host", PrimitiveType::host, {}},
    {"net", PrimitiveType::net, {}},
    {"proto", PrimitiveType::protocol, {}},
    {"port", PrimitiveType::port, {}},
    {"opt", PrimitiveType::tcp_flag, {}},
    {"frag", PrimitiveType::frag, {}},
    {"unfrag", PrimitiveType::unfrag, {}},
    {"ect", PrimitiveType::ect, {}},
    {"ce", PrimitiveType::ce, {}},
    {"vers", PrimitiveType::field, {ip, 0, 4}},
    {"hl", PrimitiveType::field, {ip, 4, 4}},
    {"tos", PrimitiveType::field, {ip, 8, 8}},
    {"dscp", PrimitiveType::field, {ip, 8, 6}},
    {"len", PrimitiveType::field, {ip, 16, 16}},
    {"id", PrimitiveType::field, {ip, 32, 16}},
    {"ttl", PrimitiveType::field, {ip, 64, 8}},
    {"type", PrimitiveType::field, icmp_type_field},
    {"win", PrimitiveType::field, {names::tcp, 112, 16}},
};

const TypeWord* find_type(std::string_view word) {
  for (const TypeWord& t : type_words) {
    if (t.word == word) return &t;
  }
  return nullptr;
}

bool is_destination(std::string_view word) {
  return word == "dst" || word == "dest";
}

}  // namespace

Primitive IpTestParser::parse(bool& negated) {
  test_ = {};
  header_ = Header::none;
  value_ = {};
  mask_ = {};
  negated_ = false;
  start_ = words_.index();
  read_qualifiers();
  const bool qualified = words_.index() != start_;
  if (qualified) previous_ = {};
  if (qualified && words_.is("[") && !words_.failed()) read_brackets();
  if (words_.is("&")) read_mask();
  const size_t relation_index = words_.index();
  const bool related = read_relation();
  read_value();
  if (words_.index() == start_) words_.fail("unknown word");
  if (related && value_.kind == ValueKind::none)
    words_.fail_at(relation_index, "no value after the operator");
  if (!words_.failed()) check();
  negated = negated_;
  remember();
  return test_;
}

void IpTestParser::read_qualifiers() {
  while (!words_.at_end() && !words_.failed()) {
    const std::string_view word = words_.word();
    if (const TypeWord* t = find_type(word)) {
      set_type(t->type, t->field);
    } else if (const auto protocol = names::protocol(word)) {
      set_protocol(*protocol);
    } else if (read_direction()) {
      continue;
    } else if ((word == "ip" || word == "ether") && header_ == Header::none) {
      header_ = word == "ip" ? Header::ip : Header::ether;
    } else if (word == "not" || word == "!") {
      negated_ = !negated_;
    } else {
      return;
    }
    words_.skip();
  }
}

bool IpTestParser::read_direction() {
  const bool source = words_.is("src");
  if (!source && !is_destination(words_.word())) return false;
  if (test_.direction != Direction::none) words_.fail("'src' or 'dst' is given twice");
  test_.direction = source ? Direction::source : Direction::destination;
  const std::string_view other = words_.word(2);
  if (source ? is_destination(other) : other == "src") {
    if (words_.is("and", 1) || words_.is("&&", 1)) test_.direction = Direction::both;
    if (words_.is("or", 1) || words_.is("||", 1)) test_.direction = Direction::either;
  }
  words_.skip(test_.direction == Direction::both || test_.direction == Direction::either ? 3 : 1);
  return true;
}

void IpTestParser::set_type(PrimitiveType type, HeaderField field) {
  if (test_.type != PrimitiveType::none) words_.fail("a second kind of test in one test");
  test_.type = type;
  test_.field = field;
  if (type == PrimitiveType::field && field.protocol != ip) set_protocol(field.protocol);
}

void IpTestParser::set_protocol(int protocol) {
  if (test_.protocol != Primitive::any_protocol && test_.protocol != protocol) {
    words_.fail("a second protocol in one test");
  }
  test_.protocol = protocol;
}

/// `[POS]`, `[POS:LEN]` or `[FIRST,LAST]`, in bytes.
void IpTestParser::read_brackets() {
  const size_t open = words_.index();
  words_.skip();
  std::string text;
  while (!words_.at_end() && !words_.is("]")) {
    text += words_.word();
    words_.skip();
  }
  if (words_.at_end()) return words_.fail_at(open, "no ']' for");
  words_.skip();
  const size_t split = text.find_first_of(":,");
  const auto position = parse_number(std::string_view(text).substr(0, split));
  uint64_t length = 1;
  bool good = position.has_value();
  if (split != std::string::npos) {
    const auto second = parse_number(std::string_view(text).substr(split + 1));
    good = good && second;
    if (good) length = text[split] == ':' ? *second : uint64_t{*second} - *position + 1;
  }
  if (!good) return words_.fail_at(open, "expected [POS] or [POS:LEN] at");
  if (length < 1 || length > 4) return words_.fail_at(open, "LEN of [POS:LEN] must be 1 to 4 at");
  if (*position % 4 + length > 4)
    return words_.fail_at(open, "a field must not cross a multiple of 4 bytes at");
  if (*position > 4096) return words_.fail_at(open, "POS is beyond any packet at");
  if (test_.type != PrimitiveType::none) return words_.fail_at(open, "a second kind of test in one test");
  test_.type = PrimitiveType::field;
  test_.field = {static_cast<int16_t>(test_.protocol), static_cast<uint16_t>(*position * 8),
                 static_cast<uint8_t>(length * 8)};
}

void IpTestParser::read_mask() {
  mask_.index = words_.index() + 1;
  const std::string_view word = words_.word(1);
  if (const auto number = parse_number(word)) {
    mask_ = {ValueKind::number, *number, {}, mask_.index};
  } else if (const auto address = parse_ip4(word); address && header_ != Header::ether) {
    mask_ = {ValueKind::host, *address, {}, mask_.index};
  } else if (const auto ether = parse_ether(word); ether && header_ != Header::ip) {
    mask_ = {ValueKind::ether, 1, *ether, mask_.index};
  } else {
    return words_.fail_at(mask_.index, "expected a mask");
  }
  if (mask_.bits == 0) return words_.fail_at(mask_.index, "a mask of zero tests nothing");
  words_.skip(2);
}

bool IpTestParser::read_relation() {
  struct Operator {
    std::string_view word;
    Relation relation;
  };
  static constexpr Operator operators[] = {
      {"=", Relation::equal},    {"==", Relation::equal}, {"!=", Relation::different},
      {">", Relation::greater},  {"<", Relation::less},   {">=", Relation::at_least},
      {"<=", Relation::at_most},
  };
  for (const Operator& o : operators) {
    if (!words_.take(o.word)) continue;
    test_.relation = o.relation;
    return true;
  }
  return false;
}

/// A word that is the name of something; false when it is none. Names of more than one thing need qualifiers.
bool IpTestParser::read_name(std::string_view word) {
  const auto protocol = names::protocol(word), port = names::port(word), flag = names::tcp_flag(word),
             icmp = names::icmp_type(word);
  if (!protocol && !port && !flag && !icmp) return false;
  const auto type_is = [&](PrimitiveType t) { return test_.type == PrimitiveType::none || test_.type == t; };
  const int p = test_.protocol;
  const bool any = p == Primitive::any_protocol, tcp = any || p == names::tcp || p == names::tcp_or_udp;
  const bool icmp_field = test_.type == PrimitiveType::field && test_.field == icmp_type_field;
  uint32_t meanings = 0;
  const auto consider = [&](std::optional<int> number, bool fits, ValueKind kind) {
    if (!number || !fits) return;
    ++meanings;
    value_.kind = kind;
    value_.low = value_.high = static_cast<uint32_t>(*number);
  };
  consider(protocol, type_is(PrimitiveType::protocol), ValueKind::protocol);
  consider(port, type_is(PrimitiveType::port) && (tcp || p == names::udp || p == names::dccp),
           ValueKind::port);
  consider(flag, type_is(PrimitiveType::tcp_flag) && tcp, ValueKind::tcp_flag);
  consider(icmp, (test_.type == PrimitiveType::none || icmp_field) && (any || p == names::icmp),
           ValueKind::icmp_type);
  if (meanings == 0) words_.fail("a name that makes no sense here");
  if (meanings > 1) words_.fail("ambiguous (say 'port', 'icmp type' or 'tcp opt' before it)");
  return true;
}

void IpTestParser::read_value() {
  const std::string_view word = words_.word();
  value_.index = words_.index();
  if (word.empty() || words_.failed()) return;
  if (read_name(word)) {
    // Done, or failed with a message.
  } else if (const auto number = parse_number(word)) {
    value_.kind = ValueKind::number;
    value_.low = value_.high = *number;
  } else if (const auto range = parse_number_range(word)) {
    value_.kind = ValueKind::number;
    value_.low = range->low;
    value_.high = range->high;
  } else if (const auto address = parse_ip4(word); address && header_ != Header::ether) {
    value_.kind = ValueKind::host;
    value_.low = *address;
    if (words_.is("mask", 1)) {
      const auto mask = parse_ip4(words_.word(2));
      if (!mask) return words_.skip(2), words_.fail("expected a mask");
      value_.kind = ValueKind::net;
      value_.mask = *mask;
      words_.skip(2);
    }
  } else if (const auto net = parse_ip4_net(word); net && header_ != Header::ether) {
    value_.kind = ValueKind::net;
    value_.low = net->address;
    value_.mask = net->mask;
  } else if (const auto ether = parse_ether(word); ether && header_ != Header::ip) {
    value_.kind = ValueKind::ether;
    value_.ether = *ether;
  }
  if (value_.kind != ValueKind::none && !words_.failed()) words_.skip();
}

}  // namespace hotclick::core
