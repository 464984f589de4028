// The firewall between two networks: a router with ARP, TTL and ICMP errors of its own.
//
//     hotclick run examples/firewall-router.click --define CLIENT_DEV=eth0 --define CLIENT_IP=10.1.0.1 --define CLIENT_MAC=… --define SERVER_DEV=eth1 …
//
//     client 10.1.0.2 ═══ 10.1.0.1  router, Firewall  10.2.0.1 ═══ 10.2.0.2 server
//
// The devices need no address of the kernel's; the engine answers for CLIENT_IP and SERVER_IP.
define(
  $CLIENT_DEV hc-c, $CLIENT_IP 10.1.0.1, $CLIENT_NET 10.1.0.0/24, $CLIENT_MAC 02:00:0a:01:00:01,
  $SERVER_DEV hc-s, $SERVER_IP 10.2.0.1, $SERVER_NET 10.2.0.0/24, $SERVER_MAC 02:00:0a:02:00:01
)

fw :: Firewall(
  allow tcp,
  allow udp,
  allow icmp type echo
)

// One side of the router. Input 0: frames from the device. Input 1: IP packets to send. Output 0: frames for the
// device. Output 1: IP packets for elsewhere, without Ethernet header. Output 2: packets for the router itself, by
// either of its addresses.
elementclass Interface { $ip, $mac, $other |
  arp :: ARPQuerier($ip, $mac) -> [0]output
  input[1] -> [0]arp

  input[0] -> frames :: Classifier(12/0806 20/0001, 12/0806 20/0002, 12/0800, -)
  frames[0] -> ARPResponder($ip $mac) -> [0]output
  frames[1] -> [1]arp
  frames[2] -> DropBroadcasts -> Strip(14) -> CheckIPHeader -> mine :: IPClassifier(dst host $ip or dst host $other, -)
  frames[3] -> Discard
  mine[0] -> [2]output
  mine[1] -> [1]output
}

client :: Interface($CLIENT_IP, $CLIENT_MAC, $SERVER_IP)
server :: Interface($SERVER_IP, $SERVER_MAC, $CLIENT_IP)

FromDevice($CLIENT_DEV) -> [0]client[0] -> ToDevice($CLIENT_DEV)
FromDevice($SERVER_DEV) -> [0]server[0] -> ToDevice($SERVER_DEV)

// From the client through the firewall, then to where the destination is.
client[1] -> [0]fw[0] -> outward :: StaticIPLookup($SERVER_NET 0, 0.0.0.0/0 1) -> outward_ttl :: DecIPTTL -> [1]server
server[1] -> [1]fw[1] -> inward :: StaticIPLookup($CLIENT_NET 0, 0.0.0.0/0 1) -> inward_ttl :: DecIPTTL -> [1]client

// Errors go back to the sender by the side it is on.
outward_ttl[1] -> ICMPError($CLIENT_IP, timeexceeded) -> [1]client
inward_ttl[1] -> ICMPError($SERVER_IP, timeexceeded) -> [1]server
outward[1] -> ICMPError($CLIENT_IP, unreachable, net) -> [1]client
inward[1] -> ICMPError($SERVER_IP, unreachable, net) -> [1]server

// The router itself answers pings.
client[2] -> client_ping :: IPClassifier(icmp type echo, -) -> ICMPPingResponder -> [1]client
server[2] -> server_ping :: IPClassifier(icmp type echo, -) -> ICMPPingResponder -> [1]server
client_ping[1] -> Discard
server_ping[1] -> Discard
