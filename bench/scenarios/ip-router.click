// The standard Click IP router between two networks, forwarding in both directions. In place of the devices stand
// sources and Discards, in place of the ARP queriers (which would know the answer) EtherEncaps. IP options are not
// looked at. 64-byte frames with UDP, 32 at a time.
//
//   10.0.0.0/24 -- source0, out0 (10.0.0.1) [router] (10.0.1.1) source1, out1 -- 10.0.1.0/24

// One interface. In: IP packets to send. Out: IP packets received.
elementclass Interface { $ip, $mac, $peer, $color |
  input [0]
    -> class :: Classifier(12/0806 20/0001, 12/0806 20/0002, 12/0800, -);
  queue :: Queue(200) -> [1] output;

  class [0] -> ARPResponder($ip $mac) -> queue;
  class [1] -> Discard;
  class [2] -> Paint($color) -> Strip(14) -> [0] output;
  class [3] -> Discard;

  input [1] -> EtherEncap(0x0800, $mac, $peer) -> queue;
}

// What happens to a packet once its way out is known. Out: the packet, ICMP errors about it.
elementclass Forward { $ip, $color |
  input
    -> DropBroadcasts
    -> same :: CheckPaint($color)
    -> copy :: Tee(2)
    -> source :: FixIPSrc($ip)
    -> ttl :: DecIPTTL
    -> fragment :: IPFragmenter(1500)
    -> [0] output;

  // It leaves where it came in: the sender could have taken a shorter way, and is told so.
  copy [1] -> ICMPError($ip, redirect, host) -> [1] output;
  same [1] -> source;
  ttl [1] -> ICMPError($ip, timeexceeded) -> [1] output;
  fragment [1] -> ICMPError($ip, unreachable, needfrag) -> [1] output;
}

if0 :: Interface(10.0.0.1, 02:00:00:00:00:01, 02:00:00:00:00:02, 1);
if1 :: Interface(10.0.1.1, 02:00:00:00:01:01, 02:00:00:00:01:02, 2);

source0 :: InfiniteSource(DATA \<
    02 00 00 00 00 01 02 00 00 00 00 02 08 00
    45 00 00 32 00 00 00 00 40 11 65 b8 0a 00 00 02 0a 00 01 02
    04 d2 16 2e 00 1e ff d3
    20 21 22 23 24 25 26 27 28 29 2a 2b 2c 2d 2e 2f 30 31 32 33 34 35
>, LIMIT -1, BURST 32, TIMESTAMP false) -> if0;
source1 :: InfiniteSource(DATA \<
    02 00 00 00 01 01 02 00 00 00 01 02 08 00
    45 00 00 32 00 00 00 00 40 11 65 b8 0a 00 01 02 0a 00 00 02
    16 2e 04 d2 00 1e ff d3
    20 21 22 23 24 25 26 27 28 29 2a 2b 2c 2d 2e 2f 30 31 32 33 34 35
>, LIMIT -1, BURST 32, TIMESTAMP false) -> if1;
if0 [1] -> counter0 :: Counter -> Discard(BURST 32);
if1 [1] -> counter1 :: Counter -> Discard(BURST 32);

// The way in, and the routes: 0 this machine, 1 and 2 the interfaces.
check :: CheckIPHeader(INTERFACES 10.0.0.1/24 10.0.1.1/24)
  -> routes :: StaticIPLookup(10.0.0.1/32 0, 10.0.0.255/32 0, 10.0.0.0/32 0,
                              10.0.1.1/32 0, 10.0.1.255/32 0, 10.0.1.0/32 0,
                              10.0.0.0/24 1, 10.0.1.0/24 2, 0.0.0.0/0 10.0.0.254 1);
if0 -> check;
if1 -> check;

routes [0] -> Discard;
routes [1] -> forward0 :: Forward(10.0.0.1, 1) -> [1] if0;
routes [2] -> forward1 :: Forward(10.0.1.1, 2) -> [1] if1;
forward0 [1] -> routes;
forward1 [1] -> routes;
