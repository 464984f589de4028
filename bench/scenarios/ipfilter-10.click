// 10 rules of which only the last matches the packet. Written by generate.ts.

InfiniteSource(DATA \<
    02 00 00 00 00 01 02 00 00 00 00 02 08 00
    45 00 00 32 00 00 00 00 40 11 65 b8 0a 00 00 02 0a 00 01 02
    04 d2 16 2e 00 1e ff d3
    20 21 22 23 24 25 26 27 28 29 2a 2b 2c 2d 2e 2f 30 31 32 33 34 35
>, LIMIT -1, BURST 32, TIMESTAMP false)
  -> MarkIPHeader(14)
  -> filter :: IPFilter(
    deny src net 172.16.0.0/24 && dst tcp port 1024,
    deny dst host 192.168.0.1,
    allow src host 172.20.0.2 && dst udp port 10002,
    deny src net 10.64.3.0/24 && dst net 10.128.3.0/24,
    allow tcp && src net 10.32.4.0/24 && dst port 20004,
    deny src net 172.16.5.0/24 && dst tcp port 1029,
    deny dst host 192.168.0.6,
    allow src host 172.20.0.7 && dst udp port 10007,
    deny src net 10.64.8.0/24 && dst net 10.128.8.0/24,
    allow src net 10.0.0.0/24 && udp && dst port 5678)
  -> counter :: Counter
  -> Discard;
