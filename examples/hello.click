// Five packets from memory to nowhere.
//
//     hotclick run examples/hello.click
src :: RatedSource(DATA "hello, hotclick", RATE 1000, LIMIT 5, STOP true)
  -> count :: Counter
  -> Print(packet)
  -> Discard;
