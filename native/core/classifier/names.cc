#include "names.hh"

namespace hotclick::core::names {
namespace {

struct Name {
  std::string_view name;
  int value;
};

constexpr Name protocols[] = {
    {"ah", 51},
    {"dccp", dccp},
    {"esp", 50},
    {"gre", 47},
    {"icmp", icmp},
    {"igmp", 2},
    {"ipip", 4},
    {"ospf", 89},
    {"pim", 103},
    {"sctp", 132},
    {"tcp", tcp},
    {"udp", udp},
    {"vrrp", 112},
    {"tcpudp", tcp_or_udp},
    {"transp", transport},
    {"transport", transport},
};

constexpr Name ports[] = {
    {"auth", 113},         {"bgp", 179},       {"bootpc", 68},       {"bootps", 67},
    {"chargen", 19},       {"daytime", 13},    {"dhcp", 67},         {"discard", 9},
    {"dns", 53},           {"domain", 53},     {"echo", 7},          {"finger", 79},
    {"ftp", 21},           {"ftp-data", 20},   {"ftps", 990},        {"gopher", 70},
    {"http", 80},          {"http-alt", 8080}, {"https", 443},       {"ident", 113},
    {"imap", 143},         {"imap2", 143},     {"imap3", 220},       {"imaps", 993},
    {"ipp", 631},          {"irc", 194},       {"isakmp", 500},      {"kerberos", 88},
    {"l2tp", 1701},        {"ldap", 389},      {"ldaps", 636},       {"mdns", 5353},
    {"microsoft-ds", 445}, {"mysql", 3306},    {"netbios-dgm", 138}, {"netbios-ns", 137},
    {"netbios-ssn", 139},  {"nfs", 2049},      {"nntp", 119},        {"ntp", 123},
    {"pop3", 110},         {"pop3s", 995},     {"postgresql", 5432}, {"pptp", 1723},
    {"qotd", 17},          {"radius", 1812},   {"rip", 520},         {"route", 520},
    {"router", 520},       {"rsync", 873},     {"rtsp", 554},        {"sip", 5060},
    {"smtp", 25},          {"snmp", 161},      {"snmp-trap", 162},   {"socks", 1080},
    {"ssdp", 1900},        {"ssh", 22},        {"submission", 587},  {"sunrpc", 111},
    {"syslog", 514},       {"tacacs", 49},     {"telnet", 23},       {"tftp", 69},
    {"time", 37},          {"vxlan", 4789},    {"whois", 43},        {"www", 80},
};

constexpr Name tcp_flags[] = {{"fin", 1}, {"syn", 2}, {"rst", 4}, {"psh", 8}, {"ack", 16}, {"urg", 32}};

constexpr Name icmp_types[] = {
    // RFC 792, 950, 1256
    {"echo-reply", 0},
    {"unreachable", 3},
    {"sourcequench", 4},
    {"redirect", 5},
    {"echo", 8},
    {"routeradvert", 9},
    {"routersolicit", 10},
    {"timeexceeded", 11},
    {"parameterproblem", 12},
    {"timestamp", 13},
    {"timestamp-reply", 14},
    {"inforeq", 15},
    {"inforeq-reply", 16},
    {"maskreq", 17},
    {"maskreq-reply", 18},
};

template <size_t N>
std::optional<int> find(const Name (&names)[N], std::string_view word) {
  for (const Name& n : names) {
    if (n.name == word) return n.value;
  }
  return std::nullopt;
}

}  // namespace

std::optional<int> protocol(std::string_view word) {
  return find(protocols, word);
}
std::optional<int> port(std::string_view word) {
  return find(ports, word);
}
std::optional<int> tcp_flag(std::string_view word) {
  return find(tcp_flags, word);
}
std::optional<int> icmp_type(std::string_view word) {
  return find(icmp_types, word);
}

}  // namespace hotclick::core::names
