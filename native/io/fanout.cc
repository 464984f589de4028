#include "fanout.hh"

#include <hotclick/net.hpp>

namespace hotclick::io {
namespace {

// Odd constants of well-known integer mixers; any odd numbers with many changes between bits would do.
constexpr uint32_t port_factor = 0x9E3779B1u, first_factor = 0x85EBCA6Bu, second_factor = 0xC2B2AE35u,
                   last_factor = 0x7FEB352Du, fold_factor = 0x01000193u;

constexpr uint16_t fragment_bits = 0x3FFF;  // more-fragments and the offset

/// One end of a connection. An end binds its port to its address, so that the sum of two ends is symmetric
/// without becoming constant where addresses count up in step on both sides (as with exclusive or).
uint32_t mix_end(uint32_t address, uint32_t port) {
  uint32_t v = address ^ (port * port_factor);
  v *= first_factor;
  v ^= v >> 15;
  v *= second_factor;
  return v ^ (v >> 13);
}

uint32_t mix_ends(uint32_t a, uint32_t b) {
  uint32_t v = a + b;
  v ^= v >> 16;
  v *= last_factor;
  return v ^ (v >> 15);
}

uint16_t load16(const uint8_t* p) {
  return static_cast<uint16_t>(p[0] << 8 | p[1]);
}
uint32_t load32(const uint8_t* p) {
  return static_cast<uint32_t>(load16(p)) << 16 | load16(p + 2);
}

uint32_t fold6(const uint8_t* address) {
  uint32_t v = load32(address);
  for (int word = 1; word < 4; ++word) v = (v * fold_factor) ^ load32(address + 4 * word);
  return v;
}

bool has_ports(uint8_t protocol) {
  return protocol == protocol_tcp || protocol == protocol_udp;
}

/// The same steps as instructions. Memory words: 0 and 1 the addresses, 2 and 3 the ports, 4 a mixed end.
class Program {
 public:
  constexpr explicit Program(uint32_t base) : base_(base) {
    add(BPF_LD | BPF_W | BPF_ABS, static_cast<uint32_t>(SKF_AD_OFF + SKF_AD_PROTOCOL));
    const uint16_t to_ipv4 = jump_if_equal(ether_ipv4);
    const uint16_t to_ipv6 = jump_if_equal(ether_ipv6);
    add(BPF_RET | BPF_K, 0);

    land(to_ipv4);
    load(BPF_W, 12);
    add(BPF_ST, 0);
    load(BPF_W, 16);
    add(BPF_ST, 1);
    clear_ports();
    load(BPF_B, 9);
    const uint16_t tcp4 = jump_if_equal(protocol_tcp);
    const uint16_t udp4 = jump_if_equal(protocol_udp);
    const uint16_t other4 = jump();
    land(tcp4);
    land(udp4);
    load(BPF_H, 6);
    // Two instructions on when no fragment bit is set.
    code[count++] = {BPF_JMP | BPF_JSET | BPF_K, 0, 1, fragment_bits};
    const uint16_t fragment4 = jump();
    add(BPF_LDX | BPF_B | BPF_MSH, base_);
    add(BPF_LD | BPF_H | BPF_IND, base_);
    add(BPF_ST, 2);
    add(BPF_LD | BPF_H | BPF_IND, base_ + 2);
    add(BPF_ST, 3);
    const uint16_t done4 = jump();

    land(to_ipv6);
    fold(8);
    add(BPF_ST, 0);
    fold(24);
    add(BPF_ST, 1);
    clear_ports();
    load(BPF_B, 6);
    const uint16_t tcp6 = jump_if_equal(protocol_tcp);
    const uint16_t udp6 = jump_if_equal(protocol_udp);
    const uint16_t other6 = jump();
    land(tcp6);
    land(udp6);
    load(BPF_H, 40);
    add(BPF_ST, 2);
    load(BPF_H, 42);
    add(BPF_ST, 3);

    land(other4);
    land(fragment4);
    land(done4);
    land(other6);
    mix_one(0, 2);
    add(BPF_ST, 4);
    mix_one(1, 3);
    add(BPF_LDX | BPF_W | BPF_MEM, 4);
    add(BPF_ALU | BPF_ADD | BPF_X, 0);
    shift_in(16);
    add(BPF_ALU | BPF_MUL | BPF_K, last_factor);
    shift_in(15);
    add(BPF_RET | BPF_A, 0);
  }

  sock_filter code[112] = {};
  uint16_t count = 0;

 private:
  constexpr void add(int operation, uint32_t k) {
    code[count++] = {static_cast<uint16_t>(operation), 0, 0, k};
  }
  constexpr void load(int size, uint32_t offset) { add(BPF_LD | size | BPF_ABS, base_ + offset); }
  /// Jumps whose target land() fills in.
  constexpr uint16_t jump() {
    add(BPF_JMP | BPF_JA, 0);
    return static_cast<uint16_t>(count - 1);
  }
  constexpr uint16_t jump_if_equal(uint32_t value) {
    add(BPF_JMP | BPF_JEQ | BPF_K, value);
    return static_cast<uint16_t>(count - 1);
  }
  constexpr void land(uint16_t from) {
    const uint16_t distance = static_cast<uint16_t>(count - from - 1);
    if (code[from].code == (BPF_JMP | BPF_JA)) {
      code[from].k = distance;
    } else {
      code[from].jt = static_cast<uint8_t>(distance);
    }
  }
  constexpr void clear_ports() {
    add(BPF_LD | BPF_W | BPF_IMM, 0);
    add(BPF_ST, 2);
    add(BPF_ST, 3);
  }
  constexpr void fold(uint32_t offset) {
    load(BPF_W, offset);
    for (uint32_t word = 1; word < 4; ++word) {
      add(BPF_ALU | BPF_MUL | BPF_K, fold_factor);
      add(BPF_MISC | BPF_TAX, 0);
      load(BPF_W, offset + 4 * word);
      add(BPF_ALU | BPF_XOR | BPF_X, 0);
    }
  }
  /// A ^= A >> bits
  constexpr void shift_in(uint32_t bits) {
    add(BPF_MISC | BPF_TAX, 0);
    add(BPF_ALU | BPF_RSH | BPF_K, bits);
    add(BPF_ALU | BPF_XOR | BPF_X, 0);
  }
  constexpr void mix_one(uint32_t address, uint32_t port) {
    add(BPF_LD | BPF_W | BPF_MEM, port);
    add(BPF_ALU | BPF_MUL | BPF_K, port_factor);
    add(BPF_MISC | BPF_TAX, 0);
    add(BPF_LD | BPF_W | BPF_MEM, address);
    add(BPF_ALU | BPF_XOR | BPF_X, 0);
    add(BPF_ALU | BPF_MUL | BPF_K, first_factor);
    shift_in(15);
    add(BPF_ALU | BPF_MUL | BPF_K, second_factor);
    shift_in(13);
  }

  uint32_t base_;
};

constexpr Program received_program(0);
constexpr Program sent_too_program(static_cast<uint32_t>(SKF_NET_OFF));

}  // namespace

uint32_t shard_of(uint32_t source, uint32_t destination, uint16_t source_port, uint16_t destination_port,
                  uint8_t protocol, uint32_t shards) {
  if (shards < 2) return 0;
  if (!has_ports(protocol)) source_port = destination_port = 0;
  return mix_ends(mix_end(net32(source), net16(source_port)),
                  mix_end(net32(destination), net16(destination_port))) %
         shards;
}

uint32_t shard_of6(const uint8_t source[16], const uint8_t destination[16], uint16_t source_port,
                   uint16_t destination_port, uint8_t next_header, uint32_t shards) {
  if (shards < 2) return 0;
  if (!has_ports(next_header)) source_port = destination_port = 0;
  return mix_ends(mix_end(fold6(source), net16(source_port)),
                  mix_end(fold6(destination), net16(destination_port))) %
         shards;
}

uint32_t shard_of_packet(uint16_t ether_type, const uint8_t* network, uint32_t length, uint32_t shards) {
  if (shards < 2) return 0;
  uint32_t source, destination, ports_at;
  bool with_ports;
  if (ether_type == ether_ipv4) {
    if (length < sizeof(Ipv4Header)) return 0;
    source = load32(network + 12);
    destination = load32(network + 16);
    with_ports = has_ports(network[9]) && (load16(network + 6) & fragment_bits) == 0;
    ports_at = (network[0] & 15u) * 4u;
  } else if (ether_type == ether_ipv6) {
    if (length < sizeof(Ipv6Header)) return 0;
    source = fold6(network + 8);
    destination = fold6(network + 24);
    with_ports = has_ports(network[6]);
    ports_at = sizeof(Ipv6Header);
  } else {
    return 0;
  }
  if (!with_ports) return mix_ends(mix_end(source, 0), mix_end(destination, 0)) % shards;
  if (length < ports_at + 4) return 0;
  return mix_ends(mix_end(source, load16(network + ports_at)),
                  mix_end(destination, load16(network + ports_at + 2))) %
         shards;
}

sock_fprog fanout_program(FanoutBase base) {
  const Program& program = base == FanoutBase::received ? received_program : sent_too_program;
  return {program.count, const_cast<sock_filter*>(program.code)};
}

}  // namespace hotclick::io
