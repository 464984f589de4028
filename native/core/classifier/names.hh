/// The names that IP expressions know: protocols, ports, TCP flags, ICMP types.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

namespace hotclick::core::names {

// Protocol "numbers" above 255 stand for more than one protocol.
inline constexpr int tcp = 6, udp = 17, icmp = 1, dccp = 33;
inline constexpr int tcp_or_udp = 256;  // 'tcpudp'
inline constexpr int transport = 257;   // 'transp': whatever protocol follows the IP header

std::optional<int> protocol(std::string_view word);
/// TCP or UDP port of a service (IANA's registry; Click's own names included).
std::optional<int> port(std::string_view word);
/// The bit of a TCP flag in byte 13 of the header.
std::optional<int> tcp_flag(std::string_view word);
std::optional<int> icmp_type(std::string_view word);

}  // namespace hotclick::core::names
