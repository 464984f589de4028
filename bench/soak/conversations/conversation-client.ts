/** Begins, holds and ends conversations with the server: a program of its own in the client's namespace. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Random } from '../random.ts';
import type { ClientCommand, ClientMessage, ClientSettings, Verb } from './messages.ts';

const { address, tcpPort, udpPort } = JSON.parse(process.argv[2] ?? '') as ClientSettings;
/** ms that an answer may take. Retransmissions of the kernels are within it, so it is for what never comes. */
const patience = 15_000;
const connections = new Map<number, Socket>();
let faults: string[] = [];

async function open(): Promise<number> {
  const socket = connect({ host: address, port: tcpPort, noDelay: true });
  socket.on('error', (error) => faults.push(`connection from port ${socket.localPort}: ${error.message}`));
  await within(once(socket, 'connect'), 'a connection was not answered');
  const port = socket.localPort!;
  connections.set(port, socket);
  socket.once('close', () => connections.delete(port));
  return port;
}

/** Sends bytes and awaits the same ones. */
async function talk(port: number, bytes: Uint8Array): Promise<void> {
  const socket = connections.get(port);
  if (!socket) return;
  const received: Buffer[] = [];
  const answer = new Promise<void>((resolve) => {
    const take = (data: Buffer) => {
      received.push(data);
      if (received.reduce((sum, { length }) => sum + length, 0) < bytes.length) return;
      socket.off('data', take);
      resolve();
    };
    socket.on('data', take);
  });
  socket.write(bytes);
  await within(answer, `connection from port ${port}: no answer`);
  if (!Buffer.concat(received).equals(bytes)) faults.push(`connection from port ${port}: another answer`);
}

async function close(port: number): Promise<void> {
  const socket = connections.get(port)!;
  const closed = once(socket, 'close');
  socket.resume();
  socket.end();
  await within(closed, `connection from port ${port}: not closed`);
}

async function reset(port: number): Promise<void> {
  const socket = connections.get(port)!;
  const closed = once(socket, 'close');
  socket.resetAndDestroy();
  await closed;
}

/** Some datagrams, one after the other; each must come back. */
async function datagrams(random: Random): Promise<number> {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 1 << 18 });
  socket.bind(0);
  await once(socket, 'listening');
  const { port } = socket.address();
  for (let left = 1 + random.below(4); left > 0; --left) {
    const bytes = random.bytes(1 + random.below(1000));
    const answer = once(socket, 'message') as Promise<[Buffer]>;
    socket.send(bytes, udpPort, address);
    const [data] = (await within(answer, `datagram from port ${port}: no answer`)) ?? [];
    if (data && !data.equals(bytes)) faults.push(`datagram from port ${port}: another answer`);
  }
  socket.close();
  return port;
}

async function within<T>(happening: Promise<T>, otherwise: string): Promise<T | undefined> {
  const gone = new AbortController();
  const late = delay(patience, 'late' as const, { signal: gone.signal }).catch(() => 'late' as const);
  const outcome = await Promise.race([happening, late]);
  gone.abort();
  if (outcome !== 'late') return outcome as T;
  faults.push(otherwise);
  return undefined;
}

/** Carries a verb out; the ports it was about. */
async function carryOut(verb: Verb, count: number, random: Random): Promise<number[]> {
  const some = () => [...connections.keys()].sort(() => random.fraction() - 0.5).slice(0, count);
  const each = async (ports: readonly number[], act: (port: number) => Promise<void>) => {
    await Promise.all(ports.map(act));
    return [...ports];
  };
  switch (verb) {
    case 'open':
      return Promise.all(Array.from({ length: count }, open));
    case 'talk':
      return each([...connections.keys()], (port) => talk(port, random.bytes(1 + random.below(4000))));
    case 'close':
      return each(some(), close);
    case 'reset':
      return each(some(), reset);
    case 'udp':
      return Promise.all(Array.from({ length: count }, () => datagrams(random)));
  }
}

function tell(message: ClientMessage): void {
  process.send?.(message);
}

process.on('message', async (command: ClientCommand) => {
  const [verb, count, seed] = command.split(' ') as [Verb, string, string];
  faults = [];
  const ports = await carryOut(verb, Number(count), new Random(Number(seed))).catch((error: Error) => {
    faults.push(`${verb}: ${error.message}`);
    return [];
  });
  tell({ kind: 'report', ports, open: [...connections.keys()], faults });
});
process.on('disconnect', () => process.exit(0));
tell({ kind: 'ready' });
