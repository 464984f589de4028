/// ARP for IPv4 over Ethernet (RFC 826): frames read with all their checks, and written.
#pragma once
#include "batch.hpp"
#include "net.hpp"
#include "schema.hpp"

namespace hotclick {

inline constexpr uint16_t arp_request = 1, arp_reply = 2;

struct __attribute__((packed)) ArpFrame {
  EthernetHeader ether;
  ArpHeader arp;
};
static_assert(sizeof(ArpFrame) == 42);

/// The frame as ARP for IPv4 over Ethernet with that operation, or null. Starts at the Ethernet header.
/// Nobody has a broadcast or multicast address of his own: such a sender is not believed (RFC 1812 3.3.2).
inline ArpFrame* arp_frame(Packet& p, uint16_t operation) {
  if (p.length < sizeof(ArpFrame)) return nullptr;
  ArpFrame* f = reinterpret_cast<ArpFrame*>(p.data);
  const ArpHeader& a = f->arp;
  const bool good = f->ether.type == net16(ether_arp) && a.hardware == net16(1) &&
                    a.protocol == net16(ether_ipv4) && a.hardware_length == 6 && a.protocol_length == 4 &&
                    a.operation == net16(operation) && !(a.sender_mac[0] & 1);
  return good ? f : nullptr;
}

/// Who says or asks something in an ARP frame, or who is meant.
struct ArpParty {
  EtherAddress mac;
  uint32_t ip;  // network order
};

/// Makes the packet an ARP frame to `destination`; it has room for 42 bytes from its data pointer on.
inline void write_arp(Packet& p, uint16_t operation, const EtherAddress& destination, const ArpParty& sender,
                      const ArpParty& target) {
  p.length = sizeof(ArpFrame);
  ArpFrame& f = *reinterpret_cast<ArpFrame*>(p.data);
  memcpy(f.ether.destination, destination.bytes, 6);
  memcpy(f.ether.source, sender.mac.bytes, 6);
  f.ether.type = net16(ether_arp);
  f.arp.hardware = net16(1);
  f.arp.protocol = net16(ether_ipv4);
  f.arp.hardware_length = 6;
  f.arp.protocol_length = 4;
  f.arp.operation = net16(operation);
  memcpy(f.arp.sender_mac, sender.mac.bytes, 6);
  f.arp.sender_ip = sender.ip;
  memcpy(f.arp.target_mac, target.mac.bytes, 6);
  f.arp.target_ip = target.ip;
  p.set_mac(p.data);
  p.set_network(p.data + sizeof(EthernetHeader));
  p.transport_offset = 0;
}

}  // namespace hotclick
