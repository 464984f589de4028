// A transparent firewall: a bridge between a client side and a server side that passes only what the client began.
//
//     hotclick run examples/firewall.click --define CLIENT_DEV=eth0 --define SERVER_DEV=eth1 --threads 2
//
//     client ═══ CLIENT_DEV ── Firewall ── SERVER_DEV ═══ server
//
// ARP goes straight across, IPv4 through the firewall, everything else is dropped and counted.
define($CLIENT_DEV hc-c, $SERVER_DEV hc-s)

// Rules are for new connections from the client's side; `in allow …` would be for those from the server's side.
fw :: Firewall(
  deny tcp dst port 25,
  allow tcp,
  allow udp,
  allow icmp type echo
)

elementclass Frames {
  input -> kinds :: Classifier(12/0806, 12/0800, -)
  kinds[0] -> [0]output
  kinds[1] -> MarkIPHeader(14) -> [1]output
  kinds[2] -> Discard
}

to_client :: ToDevice($CLIENT_DEV)
to_server :: ToDevice($SERVER_DEV)

FromDevice($CLIENT_DEV, PROMISC true) -> from_client :: Frames
from_client[0] -> to_server
from_client[1] -> [0]fw[0] -> to_server

FromDevice($SERVER_DEV, PROMISC true) -> from_server :: Frames
from_server[0] -> to_client
from_server[1] -> [1]fw[1] -> to_client
