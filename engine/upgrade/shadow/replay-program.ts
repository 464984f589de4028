/**
 * The child process in which both versions of an element handle copies of live packets. Before either is given a batch,
 * a line on standard output says so: when the process ends there, it is known with which packet.
 */
import { writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { addon, type RestoredTable } from '../../datapath/addon.ts';
import { ChildChannel } from '../child-channel.js';
import { eventsOf } from './capture-format.ts';
import { Comparison } from './comparison.ts';
import { parseRule } from './expect-rules.ts';
import type { ReplayMessage, ReplayRequests } from './replay-requests.ts';

/** Seconds of processor time, should nobody be there to end it. */
const mostSeconds = 600;

addon().confine(mostSeconds);

interface TablePages {
  readonly numbers: number[];
  readonly pages: Uint8Array[];
}

let pages = new Map<number, TablePages>();
let comparison: Comparison | undefined;

const answers: { [K in keyof ReplayRequests]: (request: ReplayRequests[K]['request']) => unknown } = {
  pages({ table, numbers, sizes, bytes }) {
    const known = pages.get(table) ?? { numbers: [], pages: [] };
    pages.set(table, known);
    let at = 0;
    for (const [i, size] of sizes.entries()) {
      known.numbers.push(numbers[i]!);
      known.pages.push(bytes.subarray(at, at + size));
      at += size;
    }
    return null;
  },
  begin({ subject, old, next, rules }) {
    const tables = (old.tables ?? []).map(([name, key, value], i): RestoredTable => {
      const { numbers, pages: content } = pages.get(i) ?? { numbers: [], pages: [] };
      return [name, key, value, Uint32Array.from(numbers), content];
    });
    pages = new Map();
    const make = () => new (addon().Replay)({ ...old, tables });
    const versions = { old: make(), next: make() };
    progress('new', 0);
    versions.next.upgrade(next);
    comparison = new Comparison(subject, versions, rules.map(parseRule));
    return null;
  },
  events({ bytes }) {
    for (const event of eventsOf(bytes)) comparison?.feed(event, progress);
    return null;
  },
  end() {
    return comparison?.end();
  },
};

function progress(version: 'old' | 'new', packet: number): void {
  writeLine(`${version} ${packet}\n`);
}

const nobody = new Int32Array(new SharedArrayBuffer(4));

/** Whoever reads may be slow, and a loader may have made standard output one that does not wait for that. */
function writeLine(line: string): void {
  for (let rest = line; rest !== ''; ) {
    try {
      rest = rest.slice(writeSync(1, rest));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      Atomics.wait(nobody, 0, 0, 1);
    }
  }
}

const channel = new ChildChannel(new Socket({ fd: 3, readable: true, writable: true }), (message) => {
  const { kind, request } = message as ReplayMessage;
  try {
    channel.send({ answer: answers[kind](request as never) });
  } catch (error) {
    const { code, message: text } = error as Error & { code?: string };
    channel.send({ error: { code, message: text } });
  }
});
channel.send('ready');
