// The floor: what it costs to make a packet, hand it on twice and give it back. 64-byte frames, 32 at a time.

InfiniteSource(DATA \<
    02 00 00 00 00 01 02 00 00 00 00 02 08 00
    45 00 00 32 00 00 00 00 40 11 65 b8 0a 00 00 02 0a 00 01 02
    04 d2 16 2e 00 1e ff d3
    20 21 22 23 24 25 26 27 28 29 2a 2b 2c 2d 2e 2f 30 31 32 33 34 35
>, LIMIT -1, BURST 32, TIMESTAMP false)
  -> counter :: Counter
  -> Discard;
