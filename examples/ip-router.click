// An IPv4 router between two networks: the standard Click IP router, without IP options.
//
//   10.0.0.0/24 -- eth0 (10.0.0.1) [router] (10.0.1.1) eth1 -- 10.0.1.0/24
//
// For other devices and addresses change the values below.

define($DEV0 eth0, $IP0 10.0.0.1, $NET0 10.0.0.0/24, $BCAST0 10.0.0.255, $MAC0 02:00:00:00:00:01,
       $DEV1 eth1, $IP1 10.0.1.1, $NET1 10.0.1.0/24, $BCAST1 10.0.1.255, $MAC1 02:00:00:00:01:01,
       $MTU 1500);

// One interface. In: IP packets to send, ARP replies. Out: IP packets received, ARP replies received.
elementclass Interface { $dev, $ip, $mac, $color |
  FromDevice($dev)
    -> class :: Classifier(12/0806 20/0001, 12/0806 20/0002, 12/0800, -);
  queue :: Queue(1000) -> ToDevice($dev);

  class [0] -> ARPResponder($ip $mac) -> queue;
  class [1] -> [1] output;
  class [2] -> Paint($color) -> Strip(14) -> [0] output;
  class [3] -> Discard;

  input [0] -> querier :: ARPQuerier($ip, $mac) -> queue;
  input [1] -> [1] querier;
}

// What happens to a packet once its way out is known. Out: the packet, ICMP errors about it.
elementclass Forward { $ip, $color, $mtu |
  input
    -> DropBroadcasts
    -> same :: CheckPaint($color)
    -> copy :: Tee(2)
    -> source :: FixIPSrc($ip)
    -> ttl :: DecIPTTL
    -> fragment :: IPFragmenter($mtu)
    -> [0] output;

  // It leaves where it came in: the sender could have taken a shorter way, and is told so.
  copy [1] -> ICMPError($ip, redirect, host) -> [1] output;
  same [1] -> source;
  ttl [1] -> ICMPError($ip, timeexceeded) -> [1] output;
  fragment [1] -> ICMPError($ip, unreachable, needfrag, PMTU $mtu) -> [1] output;
}

if0 :: Interface($DEV0, $IP0, $MAC0, 1);
if1 :: Interface($DEV1, $IP1, $MAC1, 2);

// An ARP reply is of use to both queriers.
replies :: Tee(2);
if0 [1] -> replies -> [1] if0;
if1 [1] -> replies [1] -> [1] if1;

// The way in, and the routes: 0 this machine, 1 and 2 the interfaces, 3 nowhere.
if0, if1
  -> CheckIPHeader(INTERFACES $IP0/24 $IP1/24)
  -> GetIPAddress(16)
  -> routes :: StaticIPLookup($IP0/32 0, $BCAST0/32 0, $IP1/32 0, $BCAST1/32 0, 255.255.255.255/32 0,
                              $NET0 1, $NET1 2, 0.0.0.0/0 3);

routes [0] -> local :: IPClassifier(icmp type echo, -);
local [0] -> ICMPPingResponder -> routes;
local [1] -> Discard;

routes [1] -> forward0 :: Forward($IP0, 1, $MTU) -> if0;
routes [2] -> forward1 :: Forward($IP1, 2, $MTU) -> if1;
forward0 [1], forward1 [1] -> routes;
routes [3] -> ICMPError($IP0, unreachable, net) -> routes;
