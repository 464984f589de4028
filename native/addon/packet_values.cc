#include "packet_values.hh"

#include <arpa/inet.h>

#include <cstring>
#include <string>

namespace hotclick::addon {
namespace {

uint32_t number(const Napi::Object& o, const char* name, uint32_t missing) {
  const Napi::Value v = o.Get(name);
  return v.IsNumber() ? v.As<Napi::Number>().Uint32Value() : missing;
}

}  // namespace

bool packet_from_js(const Napi::Value& value, Packet& packet) {
  const bool plain = value.IsTypedArray();
  const Napi::Value frame = plain ? value : value.As<Napi::Object>().Get("data");
  if (!frame.IsTypedArray()) return false;
  const auto bytes = frame.As<Napi::Uint8Array>();
  if (bytes.ByteLength() > packet.tailroom()) return false;
  memcpy(packet.data, bytes.Data(), bytes.ByteLength());
  packet.length = static_cast<uint32_t>(bytes.ByteLength());
  packet.set_mac(packet.data);
  if (plain) return true;
  const auto o = value.As<Napi::Object>();
  packet.paint = static_cast<uint8_t>(number(o, "paint", 0));
  packet.packet_type = static_cast<uint8_t>(number(o, "packetType", 0));
  packet.fix_ip_source = static_cast<uint8_t>(number(o, "fixIpSource", 0));
  packet.icmp_parameter = static_cast<uint8_t>(number(o, "icmpParameter", 0));
  packet.aggregate = number(o, "aggregate", 0);
  if (o.Get("vlanTci").IsNumber()) {
    packet.vlan_tci = static_cast<uint16_t>(number(o, "vlanTci", 0));
    packet.flags |= HC_PACKET_VLAN;
  }
  if (o.Get("networkOffset").IsNumber()) packet.set_network(packet.data + number(o, "networkOffset", 0));
  if (o.Get("transportOffset").IsNumber())
    packet.set_transport(packet.data + number(o, "transportOffset", 0));
  if (o.Get("destination").IsString()) {
    inet_pton(AF_INET, o.Get("destination").As<Napi::String>().Utf8Value().c_str(), &packet.destination);
  }
  if (o.Get("timestamp").IsBigInt()) {
    bool lossless;
    packet.timestamp = o.Get("timestamp").As<Napi::BigInt>().Uint64Value(&lossless);
  }
  return true;
}

Napi::Object packet_to_js(Napi::Env env, const Packet& p) {
  auto o = Napi::Object::New(env);
  auto bytes = Napi::Uint8Array::New(env, p.length);
  memcpy(bytes.Data(), p.data, p.length);
  o.Set("data", bytes);
  o.Set("paint", p.paint);
  o.Set("packetType", p.packet_type);
  o.Set("fixIpSource", p.fix_ip_source);
  o.Set("icmpParameter", p.icmp_parameter);
  o.Set("aggregate", p.aggregate);
  o.Set("headroom", p.headroom());
  if (p.flags & HC_PACKET_VLAN) o.Set("vlanTci", p.vlan_tci);
  // Offsets are from the first byte of the data, as in packet_from_js; negative when the header was stripped.
  if (p.has_network())
    o.Set("networkOffset", static_cast<int32_t>(p.network_offset) - static_cast<int32_t>(p.headroom()));
  if (p.has_transport()) {
    o.Set("transportOffset", static_cast<int32_t>(p.transport_offset) - static_cast<int32_t>(p.headroom()));
  }
  char text[INET_ADDRSTRLEN];
  o.Set("destination", std::string(inet_ntop(AF_INET, &p.destination, text, sizeof(text))));
  o.Set("timestamp", Napi::BigInt::New(env, p.timestamp));
  return o;
}

}  // namespace hotclick::addon
