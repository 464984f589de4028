/** An engine as a unit of a service manager that keeps its files (packaging/hotclick.service). */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { type EngineProcessOptions, engineCommand, runs } from '../../bench/lab/engine-process.ts';
import { NetworkLab } from '../../bench/lab/network-lab.ts';
import { UdpStream } from '../../bench/lab/udp-stream.ts';
import { ControlClient } from '../../engine/control/client.ts';
import { examples, firewallDevices, firewallVersion2, shortDirectory, until } from './laboratory.ts';

t.setTimeout(120_000);

const flows = 200;

interface Event {
  readonly started?: number;
  readonly files?: number;
  readonly ended?: number;
  readonly status?: number;
  readonly stored?: number;
  readonly READY?: string;
  readonly MAINPID?: string;
  readonly STOPPING?: string;
}

/** Starts the unit; `next` resolves with the next event that passes. */
function startUnit(t: Test, socket: string, options: EngineProcessOptions) {
  const script = fileURLToPath(new URL('./service_manager.py', import.meta.url));
  const manager = spawn('python3', [script, socket, ...engineCommand(options)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => manager.kill());
  const events: Event[] = [];
  createInterface({ input: manager.stdout }).on('line', (line) => events.push(JSON.parse(line) as Event));
  let read = 0;
  return {
    ended: once(manager, 'exit'),
    next: (passes: (event: Event) => boolean): Promise<Event> =>
      until(() => {
        while (read < events.length) {
          const event = events[read++]!;
          if (passes(event)) return event;
        }
        return undefined;
      }),
  };
}

t.test(
  'a unit is ready, survives kill -9 with every record, and is followed into another process',
  async (t) => {
    const lab = await NetworkLab.create({ mode: 'bridge' });
    t.teardown(() => lab[Symbol.asyncDispose]());
    const directory = await shortDirectory(t);
    const control = join(directory, 'control.sock');
    const unit = startUnit(t, join(directory, 'notify.sock'), {
      file: join(examples, 'firewall.click'),
      control,
      threads: 2,
      holder: 'service',
      defines: firewallDevices(lab),
    });
    t.match(await unit.next(({ started }) => started !== undefined), { files: 0 });
    const first = Number((await unit.next(({ READY }) => READY === '1')).MAINPID);
    t.ok(runs(first));

    // All of a connection but the time that it has left.
    const records = async () => {
      await using client = await ControlClient.connect(control);
      const lines = (await client.read('fw.table')).trim().split('\n');
      return lines.map((line) => line.replace(/\bexpires \S+/, '')).sort();
    };
    const stream = await UdpStream.start(lab, { rate: 5000, flows });
    await until(async () => (await records()).length >= flows);
    await stream.stop();
    const before = await records();

    process.kill(first, 'SIGKILL');
    const { started: second, files } = await unit.next(({ started }) => started !== undefined);
    t.ok(files! > 0, `${files} files were kept`);
    t.match(await unit.next(({ READY }) => READY === '1'), { MAINPID: `${second}` });
    t.same(await records(), before, 'every record is there');

    await using client = await ControlClient.connect(control);
    const { successor } = await client.upgrade({ Firewall: firewallVersion2 }, { strategy: 'handover' });
    const third = successor!.pid;
    t.match(await unit.next(({ MAINPID }) => MAINPID === `${third}`), {}, 'it is the main process');
    await until(() => !runs(second!));

    process.kill(third, 'SIGKILL');
    await unit.next(({ started }) => started !== undefined);
    await unit.next(({ READY }) => READY === '1');
    t.same(await records(), before, 'every connection is there');

    await using last = await ControlClient.connect(control);
    await last.stop();
    await unit.next(({ STOPPING }) => STOPPING === '1');
    const end = await unit.next(({ ended }) => ended !== undefined);
    t.match(end, { status: 0, stored: 0 }, 'nothing is kept after a clean end');
    await unit.ended;
  },
);
