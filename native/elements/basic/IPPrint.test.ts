import t from 'tap';
import { ElementHarness, type PacketInput } from '../../../engine/testing/element-harness.ts';
import { icmp, ipv4, ipv4Tcp, ipv4Udp } from '../../../engine/testing/frames.ts';

const ends = { src: '1.0.0.1', dst: '2.0.0.2', link: false };
const quiet = ['TIMESTAMP false'];

/** What IPPrint says about one bare IP packet. */
function said(packet: Uint8Array, args: string[] = quiet, more: object = {}): string {
  using h = ElementHarness.create('IPPrint', args);
  h.push(0, [{ data: packet, networkOffset: 0, transportOffset: 20, ...more }]);
  t.equal(h.output(0).length, 1, 'the packet passed');
  return h.printed().join('\n--\n');
}

t.test('TCP: flags, sequence numbers, lengths, acknowledgement and window', (t) => {
  const payload = new Uint8Array(1440 - 20);
  const packet = ipv4Tcp({ ...ends, sport: 10, dport: 20, flags: 'A', seq: 5, ack: 7, window: 99, payload });
  t.equal(said(packet), '1.0.0.1.10 > 2.0.0.2.20: . 5:1425(1420,1460,1460) ack 7 win 99');
  const syn = ipv4Tcp({ ...ends, sport: 1, dport: 2, flags: 'S', seq: 4294967295, window: 0 });
  t.equal(said(syn), '1.0.0.1.1 > 2.0.0.2.2: S 4294967295:0(1,40,40) win 0');
  t.match(said(ipv4Tcp({ ...ends, flags: 'FRPA' })), /: FRP /);
  t.end();
});

t.test('UDP and other protocols', (t) => {
  t.equal(
    said(ipv4Udp({ ...ends, sport: 10, dport: 53, payload: 'abc' })),
    '1.0.0.1.10 > 2.0.0.2.53: udp 11',
  );
  t.equal(said(ipv4({ ...ends, protocol: 47 }, new Uint8Array(8))), '1.0.0.1 > 2.0.0.2: ip-proto-47');
  t.end();
});

t.test('ICMP: echoes, errors with names, the unreachable packet', (t) => {
  const echo = { ...ends, identifier: 258, sequence: 1 };
  t.equal(said(icmp({ ...echo })), '1.0.0.1 > 2.0.0.2: icmp echo (258, 1)');
  t.equal(said(icmp({ ...echo, type: 0 })), '1.0.0.1 > 2.0.0.2: icmp echo-reply (258, 1)');
  t.equal(said(icmp(echo), [...quiet, 'SWAP false']), '1.0.0.1 > 2.0.0.2: icmp echo (513, 256)');
  t.match(said(icmp({ ...ends, type: 11, code: 0 })), /: icmp timeexceeded transit$/);
  t.match(said(icmp({ ...ends, type: 5, code: 1 })), /: icmp redirect host$/);
  t.match(said(icmp({ ...ends, type: 77, code: 3 })), /: icmp type 77 code 3$/);
  const inner = ipv4Udp({ src: '2.0.0.2', dst: '9.9.9.9', dport: 4242, link: false });
  const error = (code: number, second = 0) =>
    said(icmp({ ...ends, type: 3, code, sequence: second, payload: inner }));
  t.match(error(3), /: icmp 9\.9\.9\.9 unreachable port udp\/4242$/);
  t.match(error(2), /: icmp 9\.9\.9\.9 unreachable protocol udp$/);
  t.match(error(4, 1400), /: icmp 9\.9\.9\.9 unreachable needfrag \(mtu 1400\)$/);
  t.match(error(13), /: icmp 9\.9\.9\.9 unreachable filterprohibited$/);
  t.match(said(icmp({ ...ends, type: 3, code: 1 })), /: icmp unreachable host truncated-icmp$/);
  t.end();
});

t.test('fragments: the first has ports, the others have not', (t) => {
  const first = ipv4Udp({ ...ends, id: 77, fragment: 0x2000, payload: 'x'.repeat(16) });
  t.equal(said(first), '1.0.0.1.1234 > 2.0.0.2.53: udp 24 (frag 77:24@0+)');
  t.equal(
    said(ipv4({ ...ends, id: 77, fragment: 3, protocol: 17 }, new Uint8Array(8))),
    '1.0.0.1 > 2.0.0.2: udp (frag 77:8@24)',
  );
  t.end();
});

t.test('options add what they name, in their order', (t) => {
  const packet = ipv4Udp({ ...ends, id: 9, ttl: 33, tos: 4 });
  const line = '1.0.0.1.1234 > 2.0.0.2.53: udp 8';
  const annotations = { timestamp: 12_345_678_000n, paint: 6, aggregate: 70000 };
  t.equal(said(packet, ['lab'], annotations), `lab: 12.345678: ${line}`);
  t.equal(
    said(packet, [...quiet, 'ID true', 'TTL true', 'TOS true', 'LENGTH true']),
    `id 9 ttl 33 tos 4 length 28 ${line}`,
  );
  t.equal(said(packet, [...quiet, 'PAINT true'], annotations), `paint 6: ${line}`);
  t.equal(said(packet, [...quiet, 'PAINT true', 'AGGREGATE true'], annotations), `#70000.6: ${line}`);
  t.end();
});

t.test('CONTENTS prints the packet, PAYLOAD what follows the transport header', (t) => {
  const packet = ipv4Udp({ ...ends, payload: 'abcdefghij' });
  const rows = said(packet, [...quiet, 'CONTENTS HEX']).split('\n');
  t.equal(rows.length, 3);
  t.equal(rows[1]!.slice(0, 20), '  45000026 00010000 ');
  t.equal(rows.slice(1).join('').replaceAll(' ', ''), Buffer.from(packet).toString('hex'));
  t.equal(said(packet, [...quiet, 'PAYLOAD ASCII']).split('\n')[1], '  abcdefgh ij');
  t.equal(said(packet, [...quiet, 'PAYLOAD HEX', 'MAXLENGTH 5']).split('\n')[1], '  61626364 65');
  t.equal(said(ipv4Tcp({ ...ends, payload: 'hey' }), [...quiet, 'PAYLOAD ASCII']).split('\n')[1], '  hey');
  t.throws(() => said(packet, ['CONTENTS HEX', 'PAYLOAD HEX']), { message: /at most one/ });
  t.throws(() => said(packet, ['PAYLOAD octal']), { message: /bad payload value/ });
  t.end();
});

t.test('short packets are named, not read beyond their end', (t) => {
  const tcp = ipv4Tcp({ ...ends, flags: 'A' });
  t.equal(said(tcp.subarray(0, 19)), 'truncated-ip');
  t.equal(said(tcp.subarray(0, 23)), '1.0.0.1 > 2.0.0.2: truncated-tcp');
  t.equal(said(tcp.subarray(0, 30)), '1.0.0.1.1234 > 2.0.0.2.80: truncated-tcp');
  t.equal(said(ipv4Udp(ends).subarray(0, 26)), '1.0.0.1.1234 > 2.0.0.2.53: truncated-udp');
  t.equal(said(icmp(ends).subarray(0, 21)), '1.0.0.1 > 2.0.0.2: truncated-icmp');
  const noHeader = tcp.slice();
  noHeader[0] = 0x41;
  t.equal(said(noHeader), 'truncated-ip');
  t.end();
});

t.test('any bytes at all are survived', (t) => {
  const seed = Number(process.env.HOTCLICK_SEED ?? Date.now() % 1_000_000);
  t.comment(`HOTCLICK_SEED=${seed}`);
  let state = seed;
  const random = (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  using h = ElementHarness.create('IPPrint', ['CONTENTS ASCII', 'ID true']);
  using payload = ElementHarness.create('IPPrint', ['PAYLOAD HEX']);
  const frames: PacketInput[] = Array.from({ length: 2000 }, () => {
    const data = Uint8Array.from({ length: random(90) }, () => random(256));
    if (data.length > 9 && random(4) > 0) {
      data[0] = 0x40 | random(16);
      data[9] = [1, 6, 17][random(3)]!;
      if (random(2)) data[6] = data[7] = 0;
    }
    return { data, networkOffset: 0 };
  });
  let lines = 0;
  for (const frame of frames) {
    h.push(0, [frame]);
    payload.push(0, [frame]);
    lines += h.printed().length + payload.printed().length;
  }
  t.equal(lines, 2 * frames.length);
  t.equal(h.output(0).length, frames.length);
  t.end();
});

t.test('packets without a network header pass in silence; so do all while it is not active', (t) => {
  using h = ElementHarness.create('IPPrint');
  h.push(0, [ipv4Udp(ends)]);
  h.write('active', 'false');
  h.upgrade();
  h.push(0, [{ data: ipv4Udp(ends), networkOffset: 0 }]);
  t.same([h.printed(), h.output(0).length, h.read('active')], [[], 2, 'false']);
  t.end();
});
