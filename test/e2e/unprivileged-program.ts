/** What unprivileged.test.ts runs without root: the way of `npm start`, in short. Prints one line of JSON. */

import { NetworkLab } from '../../bench/lab/network-lab.ts';
import { enterUserNamespace } from '../../bench/lab/privilege.ts';
import { UdpStream } from '../../bench/lab/udp-stream.ts';
import { Engine, HotclickError } from '../../engine/index.ts';
import { example, firewallDevices, firewallVersion2, packets } from './laboratory.ts';

async function upgradeUnderTraffic() {
  await using lab = await NetworkLab.create({ mode: 'bridge' });
  await using engine = await Engine.start({ ...example('firewall.click', firewallDevices(lab)), threads: 2 });
  await using stream = await UdpStream.start(lab, { rate: 2000, flows: 8 });
  await packets(stream, 500);
  const { revision } = await engine.upgrade({ Firewall: firewallVersion2 });
  await packets(stream, 1500);
  const { received, duplicated, reordered } = await stream.stop();
  return { revision, received, duplicated, reordered };
}

try {
  const privilege = await enterUserNamespace();
  if (privilege.kind === 'delegated') process.exitCode = privilege.exitStatus;
  else
    process.stdout.write(
      `${JSON.stringify({ privilege: privilege.kind, ...(await upgradeUnderTraffic()) })}\n`,
    );
} catch (error) {
  const { code, message, hint } =
    error instanceof HotclickError ? error : { code: 'other', message: `${error}`, hint: '' };
  process.stdout.write(`${JSON.stringify({ code, message, hint })}\n`);
  process.exitCode = 1;
}
