import t from 'tap';
import { ElementHarness } from '../../../engine/testing/element-harness.ts';

const bytes = (n: number) => Uint8Array.from({ length: n }, (_, i) => i);

/** What Print says about one packet. */
function said(args: string[], packet: Parameters<ElementHarness['push']>[1][number]): string {
  using h = ElementHarness.create('Print', args);
  h.push(0, [packet]);
  t.equal(h.output(0).length, 1, 'the packet passed');
  return h.printed().join('\n--\n');
}

t.test('prints the label, the length and the first 24 bytes in groups of four', (t) => {
  t.equal(said(['seen'], bytes(6)), 'seen:    6 | 00010203 0405');
  t.equal(said([], bytes(60)), '  60 | 00010203 04050607 08090a0b 0c0d0e0f 10111213 14151617');
  t.equal(said(['"two words"'], bytes(1)), 'two words:    1 | 00');
  t.equal(said(['A'], new Uint8Array(0)), 'A:    0');
  t.end();
});

t.test('MAXLENGTH limits the bytes; negative shows all', (t) => {
  t.equal(said(['x', '2'], bytes(8)), 'x:    8 | 0001');
  t.equal(said(['MAXLENGTH 0'], bytes(8)), '   8');
  t.equal(
    said(['MAXLENGTH -1'], bytes(300)).replaceAll(' ', '').slice(4),
    Buffer.from(bytes(300)).toString('hex'),
  );
  t.end();
});

t.test('CONTENTS chooses hexadecimal, characters or nothing', (t) => {
  const text = new TextEncoder().encode('Hello, World\n');
  t.equal(said(['CONTENTS ASCII'], text), '  13 |  Hello, W orld.');
  t.equal(said(['CONTENTS none'], text), '  13');
  t.equal(said(['CONTENTS true', 'MAXLENGTH 1'], text), '  13 | 48');
  t.throws(() => said(['CONTENTS octal'], text), {
    code: 'HC_CONFIGURE_FAILED',
    message: /bad contents value 'octal'/,
  });
  t.end();
});

t.test('TIMESTAMP, HEADROOM and PRINTANNO add what they name', (t) => {
  t.equal(
    said(['L', 'TIMESTAMP true'], { data: bytes(1), timestamp: 1_000_020_000n }),
    'L: 1.000020:    1 | 00',
  );
  t.match(said(['HEADROOM true'], bytes(1)), /^ {3}1 \(h\d+ t\d+\) \| 00$/);
  t.match(said(['PRINTANNO true'], bytes(1)), /^ {3}1 \| [0-9a-f]{48} \| 00$/);
  t.end();
});

t.test('also prints packets that are pulled', (t) => {
  using h = ElementHarness.create('Print', ['p']);
  h.supply(0, [bytes(2)]);
  t.equal(h.pull(0).length, 1);
  t.same(h.printed(), ['p:    2 | 0001']);
  t.end();
});

t.test('says nothing while it is not active, and an upgrade keeps that', (t) => {
  using h = ElementHarness.create('Print', ['p']);
  h.write('active', 'false');
  h.upgrade();
  h.push(0, [bytes(2)]);
  t.same([h.printed(), h.output(0).length, h.read('active')], [[], 1, 'false']);
  h.write('active', 'true');
  h.push(0, [bytes(2)]);
  t.equal(h.printed().length, 1);
  t.end();
});
