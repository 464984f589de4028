/// Which shard a flow belongs to: one symmetric hash, in C++ and as the classic BPF program that the kernel
/// runs.
///
/// Both directions of a connection give the same shard. TCP and UDP over IPv4, and over IPv6 without
/// extension headers, are spread by addresses and ports; fragments and every other IP packet by addresses;
/// all that is not IP goes to shard 0, and so does a packet too short for the fields that are read.
#pragma once
#include <linux/filter.h>
#include <stdint.h>

namespace hotclick::io {

/// The shard of an IPv4 packet that is not a fragment. Addresses and ports in network order; the ports count
/// only for TCP and UDP.
uint32_t shard_of(uint32_t source, uint32_t destination, uint16_t source_port, uint16_t destination_port,
                  uint8_t protocol, uint32_t shards);

/// The same for IPv6 without extension headers.
uint32_t shard_of6(const uint8_t source[16], const uint8_t destination[16], uint16_t source_port,
                   uint16_t destination_port, uint8_t next_header, uint32_t shards);

/// What the BPF program answers for a packet. `ether_type` in host order, `length` bytes from the network
/// header.
uint32_t shard_of_packet(uint16_t ether_type, const uint8_t* network, uint32_t length, uint32_t shards);

/// Where the program finds the network header: the kernel hands it received packets from that header on, but
/// packets that it sends from the link header on.
enum class FanoutBase { received, sent_too };

/// The program for PACKET_FANOUT_CBPF; the kernel takes its result modulo the sockets of the group.
sock_fprog fanout_program(FanoutBase base);

}  // namespace hotclick::io
