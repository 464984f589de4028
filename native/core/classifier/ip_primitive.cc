#include "ip_primitive.hh"

#include <algorithm>

#include "names.hh"

namespace hotclick::core {
namespace {

/// 32 bits at an offset that is a multiple of 4, of which the bits of `mask` count.
struct Window {
  Base base;
  uint16_t offset;
  uint32_t mask;
};

class Builder {
 public:
  explicit Builder(Expressions& expressions) : e_(expressions) {}

  /// (window & mask) in [low, high].
  NodeId in_range(const Window& w, uint64_t low, uint64_t high) {
    const uint16_t upper = static_cast<uint16_t>(w.mask >> 16), lower = static_cast<uint16_t>(w.mask);
    high = std::min<uint64_t>(high, w.mask);
    if (low > high) return Expressions::never;
    if (lower == 0) return word(w, 0, (low + 0xFFFF) >> 16, high >> 16);
    if (upper == 0) return word(w, 2, low, high);
    uint64_t from = low >> 16, to = high >> 16;
    const uint64_t from_low = low & 0xFFFF, to_high = high & 0xFFFF;
    if (from == to) return e_.all({word(w, 0, from, from), word(w, 2, from_low, to_high)});
    std::vector<NodeId> parts;
    if (from_low != 0) {
      parts.push_back(e_.all({word(w, 0, from, from), word(w, 2, from_low, 0xFFFF)}));
      ++from;
    }
    if (to_high < lower) {
      parts.push_back(e_.all({word(w, 0, to, to), word(w, 2, 0, to_high)}));
      --to;
    }
    parts.push_back(e_.all({word(w, 0, from, to), word(w, 2, 0, 0xFFFF)}));
    return e_.any(parts);
  }

  NodeId outside(const Window& w, uint64_t low, uint64_t high) {
    const uint16_t upper = static_cast<uint16_t>(w.mask >> 16), lower = static_cast<uint16_t>(w.mask);
    high = std::min<uint64_t>(high, w.mask);
    if (lower == 0) return word(w, 0, (low + 0xFFFF) >> 16, high >> 16, true);
    if (upper == 0) return word(w, 2, low, high, true);
    if (low == high) {
      return e_.any({e_.all({word(w, 0, low >> 16, low >> 16, true), word(w, 2, 0, 0xFFFF)}),
                     word(w, 2, low & 0xFFFF, low & 0xFFFF, true)});
    }
    std::vector<NodeId> parts;
    if (low > 0) parts.push_back(in_range(w, 0, low - 1));
    parts.push_back(in_range(w, high + 1, UINT32_MAX));
    return e_.any(parts);
  }

  /// Compares the bits of `mask`, `shift` bits up in the window, with numbers.
  NodeId compare(Base base, uint32_t offset, uint32_t shift, uint32_t mask, Relation relation, uint64_t low,
                 uint64_t high) {
    const Window w{base, static_cast<uint16_t>(offset), mask << shift};
    const uint64_t most = mask;
    switch (relation) {
      case Relation::equal:
        return in_range(w, low << shift, high << shift);
      case Relation::different:
        return outside(w, low << shift, high << shift);
      case Relation::less:
        return low == 0 ? Expressions::never : in_range(w, 0, (low - 1) << shift);
      case Relation::at_most:
        return in_range(w, 0, low << shift);
      case Relation::greater:
        return in_range(w, (low + 1) << shift, most << shift);
      case Relation::at_least:
        return in_range(w, low << shift, most << shift);
    }
    return Expressions::never;
  }

  NodeId protocol_is(int protocol) {
    if (protocol == names::transport) return Expressions::always;
    if (protocol == names::tcp_or_udp) return e_.any({protocol_is(names::tcp), protocol_is(names::udp)});
    const uint32_t number = static_cast<uint32_t>(protocol);
    return compare(Base::network, 8, 16, 0xFF, Relation::equal, number, number);
  }
  NodeId first_fragment() { return compare(Base::network, 4, 0, 0x1FFF, Relation::equal, 0, 0); }

  /// `part(where)` builds the test of one address or port.
  template <class Part>
  NodeId combine(const Primitive& p, uint32_t source, uint32_t destination, Part part) {
    if (p.direction == Direction::source) return part(source);
    if (p.direction == Direction::destination) return part(destination);
    const bool either = (p.direction == Direction::either) != is_negative(p.relation);
    return either ? e_.any({part(source), part(destination)}) : e_.all({part(source), part(destination)});
  }

  NodeId address(const Primitive& p, uint32_t offset) {
    return compare(Base::network, offset, 0, p.mask, p.relation, p.low & p.mask, p.low & p.mask);
  }

  NodeId ether(const Primitive& p, uint32_t offset) {
    std::vector<NodeId> same, differ, present;
    for (uint32_t i = 0; i < 6; i += 2) {
      const auto pair = [i](const std::array<uint8_t, 6>& a) {
        return static_cast<uint16_t>(a[i] << 8 | a[i + 1]);
      };
      const uint16_t at = static_cast<uint16_t>(offset + i), mask = pair(p.ether_mask);
      const uint16_t value = static_cast<uint16_t>(pair(p.ether) & mask);
      same.push_back(e_.test({Base::mac, false, at, mask, value, value}));
      differ.push_back(e_.test({Base::mac, true, at, mask, value, value}));
      present.push_back(e_.test({Base::mac, false, at, mask, 0, 0xFFFF}));
    }
    if (p.relation == Relation::equal) return e_.all(same);
    present.push_back(e_.any(differ));
    return e_.all(present);
  }

  NodeId port(const Primitive& p, uint32_t shift) {
    return compare(Base::transport, 0, shift, p.mask, p.relation, p.low, p.high);
  }

  NodeId field(const Primitive& p) {
    const Base base = p.field.protocol == HeaderField::ip_header ? Base::network : Base::transport;
    const uint32_t shift = 32 - (p.field.bit_offset % 32 + p.field.bits);
    return compare(base, p.field.bit_offset / 32 * 4, shift, p.mask, p.relation, p.low, p.high);
  }

  NodeId fragment(Relation relation) { return compare(Base::network, 4, 0, 0x3FFF, relation, 0, 0); }

 private:
  NodeId word(const Window& w, uint32_t at, uint64_t low, uint64_t high, bool negated = false) {
    if (low > high || low > 0xFFFF) return negated ? present(w, at) : Expressions::never;
    return e_.test(make(w, at, low, high, negated));
  }
  NodeId present(const Window& w, uint32_t at) { return e_.test(make(w, at, 0, 0xFFFF, false)); }
  static Test make(const Window& w, uint32_t at, uint64_t low, uint64_t high, bool negated) {
    return {w.base,
            negated,
            static_cast<uint16_t>(w.offset + at),
            static_cast<uint16_t>(at == 0 ? w.mask >> 16 : w.mask),
            static_cast<uint16_t>(low),
            static_cast<uint16_t>(std::min<uint64_t>(high, 0xFFFF))};
  }

  Expressions& e_;
};

}  // namespace

NodeId build_primitive(const Primitive& p, Expressions& expressions) {
  Builder b(expressions);
  std::vector<NodeId> parts;
  if (p.protocol != Primitive::any_protocol) parts.push_back(b.protocol_is(p.protocol));
  const bool behind_ip_header =
      p.type == PrimitiveType::port || p.type == PrimitiveType::tcp_flag ||
      (p.type == PrimitiveType::field && p.field.protocol != HeaderField::ip_header);
  if (behind_ip_header) parts.push_back(b.first_fragment());
  switch (p.type) {
    case PrimitiveType::none:
      break;
    case PrimitiveType::host:
    case PrimitiveType::net:
      parts.push_back(b.combine(p, 12, 16, [&](uint32_t offset) { return b.address(p, offset); }));
      break;
    case PrimitiveType::ether:
      parts.push_back(b.combine(p, 6, 0, [&](uint32_t offset) { return b.ether(p, offset); }));
      break;
    case PrimitiveType::protocol:
      parts.push_back(b.compare(Base::network, 8, 16, p.mask, p.relation, p.low, p.high));
      break;
    case PrimitiveType::port:
      parts.push_back(b.combine(p, 16, 0, [&](uint32_t shift) { return b.port(p, shift); }));
      break;
    case PrimitiveType::tcp_flag:
      parts.push_back(b.compare(Base::transport, 12, 16, p.low, Relation::equal, p.low, p.low));
      break;
    case PrimitiveType::frag:
      parts.push_back(b.fragment(Relation::different));
      break;
    case PrimitiveType::unfrag:
      parts.push_back(b.fragment(Relation::equal));
      break;
    case PrimitiveType::ect:
    case PrimitiveType::ce:
      parts.push_back(b.compare(Base::network, 0, 16, p.mask, p.relation, p.low, p.high));
      break;
    case PrimitiveType::field:
      parts.push_back(b.field(p));
      break;
  }
  return expressions.all(parts);
}

}  // namespace hotclick::core
