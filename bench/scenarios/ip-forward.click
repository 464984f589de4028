// A plain path through IP: sort by Ethernet type, check the header with its checksum, sort by protocol, lower the TTL,
// send back where it came from. 64-byte frames with UDP, 32 at a time.

InfiniteSource(DATA \<
    02 00 00 00 00 01 02 00 00 00 00 02 08 00
    45 00 00 32 00 00 00 00 40 11 65 b8 0a 00 00 02 0a 00 01 02
    04 d2 16 2e 00 1e ff d3
    20 21 22 23 24 25 26 27 28 29 2a 2b 2c 2d 2e 2f 30 31 32 33 34 35
>, LIMIT -1, BURST 32, TIMESTAMP false)
  -> ether :: Classifier(12/0800, -)
  -> CheckIPHeader(14)
  -> protocol :: IPClassifier(udp, tcp, icmp, -)
  -> ttl :: DecIPTTL
  -> EtherMirror
  -> counter :: Counter
  -> Discard;

ether [1] -> Discard;
protocol [1] -> ttl;
protocol [2] -> ttl;
protocol [3] -> Discard;
