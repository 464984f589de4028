#include "reference.hh"

#include "hotclick/net.hpp"

namespace hotclick::core::testing {
namespace {

std::string quad(uint32_t a) {
  std::string text;
  for (int shift = 24; shift >= 0; shift -= 8) text += std::to_string(a >> shift & 255) + (shift ? "." : "");
  return text;
}

constexpr const char* relations[] = {" == ", " != ", " < ", " <= ", " > ", " >= "};
enum { equal, different, less, at_most, greater, at_least };
bool is_negative(int relation) {
  return relation == different || relation == less || relation == at_most;
}

constexpr const char* directions[] = {"src ", "dst ", "src and dst ", "src or dst ", ""};

bool combine(int direction, bool negative, bool source, bool destination) {
  if (direction == 0) return source;
  if (direction == 1) return destination;
  const bool both = (direction == 2) != negative;
  return both ? source && destination : source || destination;
}

}  // namespace

int PacketView::start(From from) const {
  const int headroom = static_cast<int>(p_.data - p_.buffer);
  switch (from) {
    case From::data:
      return headroom;
    case From::mac:
      return p_.mac_offset == 0 ? -1 : p_.mac_offset;
    case From::network:
      return p_.network_offset == 0 ? -1 : p_.network_offset;
    case From::transport:
      break;
  }
  if (p_.transport_offset != 0) return p_.transport_offset;
  const auto first = byte(From::network, 0), last = byte(From::network, 19);
  if (!first || !last || (*first & 15) < 5) return -1;
  return p_.network_offset + (*first & 15) * 4;
}

std::optional<uint8_t> PacketView::byte(From from, uint32_t offset) const {
  const int at = start(from);
  if (at < 0) return std::nullopt;
  const uint32_t position = static_cast<uint32_t>(at) + offset;
  if (position >= static_cast<uint32_t>(p_.data - p_.buffer) + p_.length) return std::nullopt;
  return p_.buffer[position];
}

bool ExpressionMaker::compare(const PacketView& packet, const Comparison& c) {
  uint64_t value = 0;
  for (uint32_t bit = 0; bit < c.bits; ++bit) {
    if (!(c.mask >> (c.bits - 1 - bit) & 1)) continue;
    const auto byte = packet.byte(c.from, (c.first + bit) / 8);
    if (!byte) return false;
    if (*byte >> (7 - (c.first + bit) % 8) & 1) value |= uint64_t{1} << (c.bits - 1 - bit);
  }
  switch (c.relation) {
    case equal:
      return value >= c.low && value <= c.high;
    case different:
      return value < c.low || value > c.high;
    case less:
      return value < c.low;
    case at_most:
      return value <= c.low;
    case greater:
      return value > c.low;
    default:
      return value >= c.low;
  }
}

bool ExpressionMaker::protocol_is(const PacketView& packet, int protocol) {
  const auto byte = packet.byte(From::network, 9);
  return byte && (protocol == 256 ? *byte == 6 || *byte == 17 : *byte == protocol);
}

bool ExpressionMaker::first_fragment(const PacketView& packet) {
  return compare(packet, {From::network, 51, 13, 0x1FFF, equal, 0, 0});
}

uint32_t ExpressionMaker::address() {
  const uint32_t roots[] = {0x0A000000, 0x0A000100, 0x0A010000, 0xC0A80000, 0x00000000};
  return pick(roots) | random_.below(random_.chance(50) ? 4 : 300);
}

uint16_t ExpressionMaker::port() {
  const uint32_t ports[] = {0, 53, 80, 81, 443, 1023, 1024, 8080, 65535};
  return static_cast<uint16_t>(pick(ports));
}

Expression ExpressionMaker::address_test() {
  const uint32_t value = address();
  const int direction = static_cast<int>(random_.below(5)), relation = random_.chance(80) ? equal : different;
  uint32_t mask = UINT32_MAX;
  std::string text = directions[direction];
  if (random_.chance(40)) {
    text += std::string("host") + (relation == equal ? " " : " != ") + quad(value);
  } else {
    const uint32_t masks[] = {0xFFFFFF00, 0xFFFF0000, 0xFF000000, 0xFFFE0000,
                              0xFFFFFFFE, 0x000000FF, 0xFF0000FF, 0};
    mask = pick(masks);
    text += std::string("net") + (relation == equal ? " " : " != ") + quad(value) + " mask " + quad(mask);
  }
  const bool negative = relation == different;
  return {text, [=](const PacketView& p) {
            const Comparison source{From::network, 96, 32, mask, relation, value & mask, value & mask};
            Comparison destination = source;
            destination.first = 128;
            return combine(direction, negative, compare(p, source), compare(p, destination));
          }};
}

/// Chooses relation and value(s); returns their text.
std::string ExpressionMaker::relation_and_value(Comparison& c, uint32_t value) {
  const uint32_t full = c.bits == 32 ? UINT32_MAX : (1u << c.bits) - 1;
  std::string text;
  c.mask = full;
  if (random_.chance(25)) {
    c.mask = static_cast<uint32_t>(random_.next()) & full;
    if (c.mask == 0) c.mask = full;
    text = " & " + std::to_string(c.mask);
  }
  c.relation = random_.chance(50) ? static_cast<int>(equal) : static_cast<int>(random_.below(6));
  c.low = c.high = value & full;
  if (c.relation == equal && random_.chance(30)) {
    c.high = std::min<uint64_t>(full, uint64_t{c.low} + random_.below(100));
    if (c.high != c.low) return text + " " + std::to_string(c.low) + "-" + std::to_string(c.high);
  }
  text += relations[c.relation] + std::to_string(c.low);
  if (c.relation == equal || c.relation == different) c.low = c.high = c.low & c.mask;
  return text;
}

Expression ExpressionMaker::port_test() {
  const char* protocols[] = {"", "tcp ", "udp "};
  const int numbers[] = {256, 6, 17};
  const uint32_t which = random_.below(3);
  const int direction = static_cast<int>(random_.below(5)), protocol = numbers[which];
  Comparison source{From::transport, 0, 16, 0, 0, 0, 0};
  const std::string value = relation_and_value(source, port());
  return {directions[direction] + std::string(protocols[which]) + "port" + value, [=](const PacketView& p) {
            Comparison destination = source;
            destination.first = 16;
            return protocol_is(p, protocol) && first_fragment(p) &&
                   combine(direction, is_negative(source.relation), compare(p, source),
                           compare(p, destination));
          }};
}

Expression ExpressionMaker::field_test() {
  struct Named {
    const char* name;
    uint32_t first, bits;
    int protocol;  // 0: the IP header
    uint32_t value;
  };
  const Named fields[] = {{"ip vers", 0, 4, 0, 4},     {"ip hl", 4, 4, 0, 5},     {"ip tos", 8, 8, 0, 3},
                          {"ip dscp", 8, 6, 0, 1},     {"ip len", 16, 16, 0, 52}, {"ip id", 32, 16, 0, 258},
                          {"ip ttl", 64, 8, 0, 64},    {"ip proto", 72, 8, 0, 6}, {"icmp type", 0, 8, 1, 8},
                          {"tcp win", 112, 16, 6, 100}};
  const Named& f = fields[random_.below(10)];
  Comparison c{f.protocol ? From::transport : From::network, f.first, f.bits, 0, 0, 0, 0};
  const std::string value = relation_and_value(c, f.value + random_.below(3) - 1);
  return {f.name + value, [c, protocol = f.protocol](const PacketView& p) {
            return (protocol == 0 || (protocol_is(p, protocol) && first_fragment(p))) && compare(p, c);
          }};
}

Expression ExpressionMaker::bytes_test() {
  const char* names[] = {"ip", "transp", "tcp", "udp", "icmp", "tcpudp"};
  const int protocols[] = {0, 0, 6, 17, 1, 256};
  const uint32_t which = random_.below(6), length = 1 + random_.below(4);
  const uint32_t position = random_.below(5) * 4 + random_.below(5 - length);
  Comparison c{which == 0 ? From::network : From::transport, position * 8, length * 8, 0, 0, 0, 0};
  const std::string value = relation_and_value(c, random_.chance(50) ? random_.below(4) : address());
  const std::string text = names[which] + std::string("[") + std::to_string(position) +
                           (length == 1 ? "" : ":" + std::to_string(length)) + "]" + value;
  return {text, [c, which, protocol = protocols[which]](const PacketView& p) {
            if (which != 0 && !first_fragment(p)) return false;
            return (protocol == 0 || protocol_is(p, protocol)) && compare(p, c);
          }};
}

Expression ExpressionMaker::word_test() {
  const auto always = [](bool value) { return [value](const PacketView&) { return value; }; };
  const auto flag = [](uint32_t bit) {
    return [bit](const PacketView& p) {
      return protocol_is(p, 6) && first_fragment(p) &&
             compare(p, {From::transport, 104, 8, bit, equal, bit, bit});
    };
  };
  const auto fragment = [](int relation) {
    return [relation](const PacketView& p) {
      return compare(p, {From::network, 48, 16, 0x3FFF, relation, 0, 0});
    };
  };
  const auto ecn = [](int relation, uint32_t value) {
    return [=](const PacketView& p) { return compare(p, {From::network, 14, 2, 3, relation, value, value}); };
  };
  switch (random_.below(13)) {
    case 0:
      return {"true", always(true)};
    case 1:
      return {"false", always(false)};
    case 2:
      return {"tcp", [](const PacketView& p) { return protocol_is(p, 6); }};
    case 3:
      return {"udp", [](const PacketView& p) { return protocol_is(p, 17); }};
    case 4:
      return {"icmp", [](const PacketView& p) { return protocol_is(p, 1); }};
    case 5:
      return {"tcpudp", [](const PacketView& p) { return protocol_is(p, 256); }};
    case 6:
      return {"syn", flag(2)};
    case 7:
      return {"tcp opt ack", flag(16)};
    case 8:
      return {"ip frag", fragment(different)};
    case 9:
      return {"unfrag", fragment(equal)};
    case 10:
      return {"ip ect", ecn(different, 0)};
    case 11:
      return {"ip ce", ecn(equal, 3)};
    default:
      return {"transp", always(true)};
  }
}

Expression ExpressionMaker::ether_test() {
  const int direction = static_cast<int>(random_.below(5));
  const uint32_t last = 1 + random_.below(3);
  const bool differs = random_.chance(30);
  const auto text = std::string("ether ") + directions[direction] + "host" + (differs ? " != " : " ") +
                    "2:0:0:0:0:" + std::to_string(last);
  return {text, [=](const PacketView& p) {
            const auto same = [&](uint32_t at) {
              bool equal_bytes = true;
              for (uint32_t i = 0; i < 6; ++i) {
                const auto byte = p.byte(From::mac, at + i);
                if (!byte) return false;
                equal_bytes &= *byte == (i == 0 ? 2u : i == 5 ? last : 0u);
              }
              return equal_bytes != differs;
            };
            return combine(direction, differs, same(6), same(0));
          }};
}

Expression ExpressionMaker::make(uint32_t depth) {
  if (depth == 0 || random_.chance(30)) {
    const uint32_t kind = random_.below(100);
    if (kind < 30) return address_test();
    if (kind < 55) return port_test();
    if (kind < 70) return field_test();
    if (kind < 80) return bytes_test();
    if (kind < 85) return ether_test();
    return word_test();
  }
  const Expression a = make(depth - 1);
  if (random_.chance(15)) return {"not (" + a.text + ")", [a](const PacketView& p) { return !a.holds(p); }};
  const Expression b = make(depth - 1);
  if (random_.chance(10)) {
    const Expression c = make(depth - 1);
    return {"((" + a.text + ") ? " + b.text + " : (" + c.text + "))",
            [=](const PacketView& p) { return a.holds(p) ? b.holds(p) : c.holds(p); }};
  }
  if (random_.chance(50)) {
    return {"(" + a.text + (random_.chance(50) ? " or " : " || ") + b.text + ")",
            [=](const PacketView& p) { return a.holds(p) || b.holds(p); }};
  }
  const char* ands[] = {" and ", " && ", " "};
  return {"(" + a.text + ")" + ands[random_.below(3)] + "(" + b.text + ")",
          [=](const PacketView& p) { return a.holds(p) && b.holds(p); }};
}

Expression ExpressionMaker::make_clauses() {
  struct Clause {
    bool negated;
    uint32_t offset;
    std::vector<uint8_t> values, masks;
  };
  std::vector<Clause> clauses(1 + random_.below(3));
  std::string text;
  for (Clause& c : clauses) {
    c.negated = random_.chance(25);
    c.offset = 12 + random_.below(24);
    text += std::string(text.empty() ? "" : " ") + (c.negated ? "!" : "") + std::to_string(c.offset) + "/";
    std::string mask_text = "%";
    const char* digits = "0123456789abcdef";
    for (uint32_t n = 1 + random_.below(3); n > 0; --n) {
      uint8_t value = 0, mask = 0,
              given = random_.chance(70) ? 0xFF : static_cast<uint8_t>(random_.below(256));
      for (int nibble = 0; nibble < 2; ++nibble) {
        const bool wild = random_.chance(15);
        const uint32_t digit = random_.below(3);
        text += wild ? '?' : digits[digit];
        value = static_cast<uint8_t>(value << 4 | digit);
        mask = static_cast<uint8_t>(mask << 4 | (wild ? 0 : 15));
      }
      mask_text += {digits[given >> 4], digits[given & 15]};
      c.values.push_back(value);
      c.masks.push_back(mask & given);
    }
    text += mask_text;
  }
  return {text, [clauses](const PacketView& p) {
            for (const Clause& c : clauses) {
              bool same = true;
              for (uint32_t i = 0; i < c.values.size(); ++i) {
                if (c.masks[i] == 0) continue;
                const auto byte = p.byte(From::data, c.offset + i);
                same &= byte && ((*byte ^ c.values[i]) & c.masks[i]) == 0;
              }
              if (same == c.negated) return false;
            }
            return true;
          }};
}

}  // namespace hotclick::core::testing
