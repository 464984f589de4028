import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { contentPieces, isContent } from './download-content.ts';
import { Downloads } from './downloads.ts';
import { NetworkLab } from './network-lab.ts';

let lab: NetworkLab;
t.before(async () => {
  lab = await NetworkLab.create({ engineNamespace: true, forwarding: 'kernel' });
});
t.teardown(() => lab[Symbol.asyncDispose]());

async function forwarding(on: boolean): Promise<void> {
  await lab.exec('engine', ['sh', '-c', `echo ${on ? 1 : 0} > /proc/sys/net/ipv4/ip_forward`]);
}

const content = (download: number, offset: number, length: number) =>
  Buffer.concat([...contentPieces(download, offset, length)]);

t.test('content that was moved, cut, or belongs to another download is recognised', async (t) => {
  t.ok(isContent(3, 1000, content(3, 1000, 200_000)));
  t.ok(isContent(3, 65_500, content(3, 65_400, 200).subarray(100)));
  t.notOk(isContent(3, 1000, content(3, 1001, 1448)));
  t.notOk(isContent(3, 1000, content(4, 1000, 1448)));
  t.notOk(isContent(3, 65_536, content(3, 0, 1448)));
  const damaged = Buffer.from(content(3, 0, 100_000));
  damaged[99_999]! ^= 1;
  t.notOk(isContent(3, 0, damaged));
});

t.test('50 downloads stay alive and come to their end with every byte', async (t) => {
  const downloads = await Downloads.start(lab);
  let report = await downloads.report();
  while (report.bytes < 3_000_000) {
    await delay(50);
    report = await downloads.report();
  }
  t.match(report, { connections: 50, alive: 50, failed: 0, corrupted: 0 });
  const summary = await downloads.stop();
  t.comment(
    `${summary.bytes} bytes, longest stall ${summary.longestStallMs} ms, ${summary.retransmits} retransmits`,
  );
  t.match(summary, { connections: 50, alive: 50, complete: 50, failed: 0, corrupted: 0 });
  t.ok(summary.bytes >= 3_000_000);
  t.ok(summary.downloads.every((download) => download.bytes > 0));
});

t.test('an interruption shows as stall and retransmits, and the downloads survive it', async (t) => {
  const downloads = await Downloads.start(lab, { connections: 5, rate: 2_000_000 });
  await forwarding(false);
  await delay(300);
  await forwarding(true);
  let report = await downloads.report();
  const { bytes } = report;
  while (report.downloads.some((download, i) => download.bytes <= bytes / 5 + 20_000 && i >= 0)) {
    await delay(50);
    report = await downloads.report();
  }
  const summary = await downloads.stop();
  t.match(summary, { alive: 5, complete: 5, failed: 0, corrupted: 0 });
  t.ok(summary.retransmits > 0);
  t.ok(summary.longestStallMs > 100);
});

t.test('downloads that are cut off are reported as failed', async (t) => {
  const downloads = await Downloads.start(lab, { connections: 3, rate: 1_000_000, aliveWithinMs: 100 });
  await forwarding(false);
  while ((await downloads.report()).alive > 0) await delay(50);
  const summary = await downloads.stop();
  await forwarding(true);
  t.match(summary, { connections: 3, alive: 0, failed: 3, complete: 0, corrupted: 0 });
  t.match(summary.downloads[0], { error: 'had not ended in time' });
});

t.test('a start that reaches nobody says so and leaves no program running', async (t) => {
  await forwarding(false);
  await t.rejects(Downloads.start(lab, { connections: 2, openWithinMs: 1000 }), {
    code: 'HC_LAB',
    message: '2 of 2 downloads got nothing: no answer',
  });
  await forwarding(true);
  t.equal(
    (await lab.exec('client', ['ip', 'netns', 'pids', lab.client.namespace])).stdout.includes('node'),
    false,
  );
});
