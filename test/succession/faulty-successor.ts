/**
 * A successor for tests that does what it is told up to a phase and then goes wrong:
 * faulty-successor.ts PHASE exit|hang|fail|nonsense
 */
import { Socket } from 'node:net';
import { HotclickError } from '../../engine/errors.ts';
import { MessageChannel } from '../../engine/succession/message-channel.ts';
import type { SuccessionMessage } from '../../engine/succession/messages.ts';

const [phase, fault] = process.argv.slice(2);
const socket = new Socket({
  fd: Number.parseInt(process.env.HOTCLICK_SUCCESSION ?? '', 10),
  readable: true,
  writable: true,
});
const channel = new MessageChannel(socket);

const answers = {
  prepare: { type: 'prepared', pid: process.pid, node: process.version, hotclick: '0.0.0' },
  final: { type: 'ready' },
  go: { type: 'running', breaks: [] },
} as const satisfies Record<string, SuccessionMessage>;

for (const asked of ['prepare', 'final', 'go'] as const) {
  if ((await channel.receive(asked)) === undefined) process.exit(0);
  if (asked === phase) await goWrong();
  else await channel.send(answers[asked]);
}

async function goWrong(): Promise<void> {
  switch (fault) {
    case 'exit':
      return process.exit(9);
    case 'fail': {
      const error = new HotclickError('HC_DEVICE', 'the device is not there');
      await channel.send({ type: 'failed', error: error.toJSON() });
      return process.exit(3);
    }
    case 'nonsense':
      socket.write('<html>\n');
  }
  await channel.closed;
}
