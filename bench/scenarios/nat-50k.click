// Network address and port translation of 50000 UDP flows, 64-byte frames, 32 at a time. Written by generate.ts.

FastUDPFlows(0, -1, 64, 02:00:00:00:00:02, 10.0.0.2, 02:00:00:00:00:01, 198.51.100.2, 50000, 1000000000)
  -> Unqueue(32)
  -> nat :: IPRewriter(pattern 203.0.113.1 1024-65535 - - 0 1,
    MAPPING_CAPACITY 100000)
  -> counter :: Counter
  -> Discard;

nat [1] -> Discard;
