/// Parses one test of an IP expression: qualifiers, relation, value.
#pragma once
#include <optional>

#include "ip_primitive.hh"
#include "literals.hh"
#include "word_reader.hh"

namespace hotclick::core {

class IpTestParser {
 public:
  explicit IpTestParser(WordReader& words) : words_(words) {}

  /// Takes one test off the words; sets their diagnostic when it makes no sense. `negated` is set when a
  /// `not` stood among the qualifiers.
  Primitive parse(bool& negated);

 private:
  enum class ValueKind : uint8_t { none, number, protocol, port, tcp_flag, icmp_type, host, net, ether };
  struct Value {
    ValueKind kind = ValueKind::none;
    uint32_t low = 0, high = 0;
    uint32_t mask = 0;
    std::array<uint8_t, 6> ether{};
    size_t index = 0;  // of its word
  };
  struct Mask {
    ValueKind kind = ValueKind::none;
    uint32_t bits = 0;
    std::array<uint8_t, 6> ether{};
    size_t index = 0;
  };
  enum class Header : uint8_t { none, ip, ether };

  void read_qualifiers();
  bool read_direction();
  void set_type(PrimitiveType type, HeaderField field = {});
  void set_protocol(int protocol);
  void read_brackets();
  void read_mask();
  bool read_relation();
  void read_value();
  bool read_name(std::string_view word);
  void take_over_from_previous();
  void infer_type();
  void remember();
  void check();
  void check_address();
  void check_ether();
  void check_protocol();
  void check_port();
  void check_flag();
  void check_ecn();
  void check_number(uint32_t full_mask);
  void fail(std::string_view message) { words_.fail_at(start_, message); }
  void need_value(const char* what);

  WordReader& words_;
  Primitive test_;
  Primitive previous_;
  Header header_ = Header::none;
  Value value_;
  Mask mask_;
  size_t start_ = 0;
  bool negated_ = false;
};

}  // namespace hotclick::core
