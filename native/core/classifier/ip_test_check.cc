/// The second half of IpTestParser: what was left out is filled in, and the parts are checked against each
/// other.
#include "ip_test_parser.hh"
#include "names.hh"

namespace hotclick::core {

/// A bare number or name repeats the kind of the test before it.
void IpTestParser::take_over_from_previous() {
  test_.type = previous_.type;
  test_.field = previous_.field;
  if (test_.type == PrimitiveType::port && test_.protocol == Primitive::any_protocol) {
    test_.protocol = previous_.protocol;
  }
  if (test_.type == PrimitiveType::field && test_.field.protocol != HeaderField::ip_header) {
    test_.protocol = test_.field.protocol;
  }
}

void IpTestParser::infer_type() {
  switch (value_.kind) {
    case ValueKind::host:
      test_.type = PrimitiveType::host;
      break;
    case ValueKind::net:
      test_.type = PrimitiveType::net;
      break;
    case ValueKind::ether:
      test_.type = PrimitiveType::ether;
      break;
    case ValueKind::tcp_flag:
      test_.type = PrimitiveType::tcp_flag;
      break;
    case ValueKind::protocol:
      test_.type = PrimitiveType::protocol;
      break;
    case ValueKind::port:
      test_.type = PrimitiveType::port;
      if (test_.protocol == Primitive::any_protocol) test_.protocol = previous_.protocol;
      break;
    case ValueKind::icmp_type:
      test_.type = PrimitiveType::field;
      test_.field = icmp_type_field;
      test_.protocol = names::icmp;
      break;
    case ValueKind::number:
      if (previous_.type != PrimitiveType::field && previous_.type != PrimitiveType::protocol &&
          previous_.type != PrimitiveType::port) {
        return words_.fail_at(value_.index, "a number of what? Say 'port' or a header field before it");
      }
      take_over_from_previous();
      break;
    case ValueKind::none:
      if (test_.protocol == Primitive::any_protocol) return need_value("what to test");
      test_.type = PrimitiveType::protocol;
      break;
  }
  if (test_.direction == Direction::none) test_.direction = previous_.direction;
}

/// What the next test may take over. `tcp and www` means TCP port 80, as in Click.
void IpTestParser::remember() {
  previous_ = test_;
  if (test_.type == PrimitiveType::none) previous_.type = PrimitiveType::protocol;
  if (test_.type == PrimitiveType::protocol && test_.relation == Relation::equal && test_.mask == 0xFF &&
      test_.low == test_.high) {
    previous_.protocol = static_cast<int>(test_.low);
  }
}

void IpTestParser::need_value(const char* what) {
  words_.fail(std::string("expected ") + what);
}

void IpTestParser::check() {
  if (test_.type == PrimitiveType::none) infer_type();
  if (words_.failed()) return;
  if (header_ == Header::none) header_ = value_.kind == ValueKind::ether ? Header::ether : Header::ip;
  if (header_ == Header::ether && test_.type == PrimitiveType::host) test_.type = PrimitiveType::ether;
  if (header_ == Header::ether && test_.type != PrimitiveType::ether)
    return fail("not a test of an Ethernet header");
  if (test_.direction == Direction::none) test_.direction = Direction::either;
  switch (test_.type) {
    case PrimitiveType::host:
    case PrimitiveType::net:
      return check_address();
    case PrimitiveType::ether:
      return check_ether();
    case PrimitiveType::protocol:
      return check_protocol();
    case PrimitiveType::port:
      return check_port();
    case PrimitiveType::tcp_flag:
      return check_flag();
    case PrimitiveType::ect:
    case PrimitiveType::ce:
      return check_ecn();
    case PrimitiveType::field:
      if (value_.kind != ValueKind::number &&
          !(value_.kind == ValueKind::icmp_type && test_.field == icmp_type_field)) {
        return need_value("a number");
      }
      return check_number(test_.field.full_mask());
    case PrimitiveType::frag:
    case PrimitiveType::unfrag:
      if (value_.kind != ValueKind::none) return words_.fail_at(value_.index, "this test takes no value");
      if (mask_.kind != ValueKind::none) return words_.fail_at(mask_.index, "this test takes no mask");
      return;
    case PrimitiveType::none:
      return;
  }
}

void IpTestParser::check_address() {
  if (test_.type == PrimitiveType::host && value_.kind != ValueKind::host) return need_value("an IP address");
  if (test_.type == PrimitiveType::net && value_.kind != ValueKind::net) return need_value("ADDRESS/BITS");
  if (test_.relation != Relation::equal && test_.relation != Relation::different) {
    return fail("addresses know only == and !=");
  }
  test_.low = value_.low;
  test_.mask = value_.kind == ValueKind::net ? value_.mask : UINT32_MAX;
  if (mask_.kind == ValueKind::ether) return words_.fail_at(mask_.index, "expected an IP mask");
  if (mask_.kind != ValueKind::none) test_.mask = mask_.bits;
}

void IpTestParser::check_ether() {
  if (value_.kind != ValueKind::ether) return need_value("an Ethernet address");
  if (test_.relation != Relation::equal && test_.relation != Relation::different) {
    return fail("addresses know only == and !=");
  }
  test_.ether = value_.ether;
  test_.ether_mask.fill(0xFF);
  if (mask_.kind == ValueKind::none) return;
  if (mask_.kind != ValueKind::ether) return words_.fail_at(mask_.index, "expected an Ethernet mask");
  if (mask_.ether == std::array<uint8_t, 6>{})
    return words_.fail_at(mask_.index, "a mask of zero tests nothing");
  test_.ether_mask = mask_.ether;
}

void IpTestParser::check_protocol() {
  if (value_.kind == ValueKind::none && test_.protocol != Primitive::any_protocol) {
    value_.kind = ValueKind::protocol;  // the name was taken for a qualifier
    value_.low = value_.high = static_cast<uint32_t>(test_.protocol);
    test_.protocol = Primitive::any_protocol;
  }
  if (value_.kind != ValueKind::number && value_.kind != ValueKind::protocol) return need_value("a protocol");
  if (test_.protocol != Primitive::any_protocol) return fail("a second protocol in one test");
  if (value_.kind == ValueKind::protocol && value_.low > 255) {
    // A name for more than one protocol is no number to compare with.
    if (test_.relation != Relation::equal || mask_.kind != ValueKind::none)
      return fail("no operator or mask allowed");
    test_.type = PrimitiveType::none;
    test_.protocol = static_cast<int>(value_.low);
    return;
  }
  check_number(0xFF);
}

void IpTestParser::check_port() {
  if (value_.kind != ValueKind::number && value_.kind != ValueKind::port) return need_value("a port");
  if (test_.protocol == Primitive::any_protocol) test_.protocol = names::tcp_or_udp;
  const int p = test_.protocol;
  if (p != names::tcp && p != names::udp && p != names::tcp_or_udp && p != names::dccp) {
    return fail("this protocol has no ports");
  }
  check_number(0xFFFF);
}

void IpTestParser::check_flag() {
  if (value_.kind != ValueKind::number && value_.kind != ValueKind::tcp_flag) return need_value("a TCP flag");
  if (test_.protocol == Primitive::any_protocol) test_.protocol = names::tcp;
  if (test_.protocol != names::tcp) return fail("only TCP has these flags");
  if (test_.relation != Relation::equal || mask_.kind != ValueKind::none)
    return fail("no operator or mask allowed");
  if (value_.high > 0xFF || value_.low != value_.high)
    return words_.fail_at(value_.index, "not a number from 0 to 255");
  test_.low = value_.low;
}

void IpTestParser::check_ecn() {
  if (test_.type == PrimitiveType::ect && value_.kind == ValueKind::number) return check_number(3);
  if (value_.kind != ValueKind::none) return words_.fail_at(value_.index, "this test takes no value");
  if (mask_.kind != ValueKind::none) return words_.fail_at(mask_.index, "this test takes no mask");
  test_.mask = 3;  // RFC 3168: the two low bits of TOS
  test_.low = test_.high = test_.type == PrimitiveType::ce ? 3 : 0;
  test_.relation = test_.type == PrimitiveType::ce ? Relation::equal : Relation::different;
}

/// Value, mask and relation of a test of `full_mask` bits.
void IpTestParser::check_number(uint32_t full_mask) {
  if (mask_.kind != ValueKind::none && mask_.kind != ValueKind::number) {
    return words_.fail_at(mask_.index, "expected a number as mask");
  }
  test_.mask = mask_.kind == ValueKind::none ? full_mask : mask_.bits;
  if ((test_.mask & ~full_mask) != 0) {
    return words_.fail_at(mask_.index, "mask out of range, at most " + std::to_string(full_mask));
  }
  const bool equality = test_.relation == Relation::equal || test_.relation == Relation::different;
  if (equality && value_.high > full_mask) {
    return words_.fail_at(value_.index, "value out of range, at most " + std::to_string(full_mask));
  }
  if (value_.low != value_.high && !equality)
    return words_.fail_at(value_.index, "a range knows only == and !=");
  test_.low = value_.low;
  test_.high = value_.high;
  if (equality && test_.low == test_.high) test_.low = test_.high = test_.low & test_.mask;
}

}  // namespace hotclick::core
