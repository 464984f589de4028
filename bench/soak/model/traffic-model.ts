/** What the tables of firewall and NAT must hold, given the traffic that was sent. */
import type { StateRow } from '../../../engine/state/query.ts';
import { natPorts, udpTimeout } from '../configuration.ts';
import type { ConversationReport, Verb } from '../conversations/messages.ts';

interface Conversation {
  /** What was done last. */
  readonly verb: Verb;
  readonly open: boolean;
  /** ms, when it was last used. */
  readonly at: number;
}

/** A record ends with the first look at it after its time, at most five seconds later; the rest is for a busy machine. */
const slack = { before: 1500, after: 12_000 };
/** ms that the longest of the timeouts of ended TCP connections takes. */
const tcpEnd = 2000;
const tcp = 6;
const udp = 17;
/** Value of `state` in a firewall's record. */
const established = 4;
/** In `flags` of a mapping: this is the direction of the answers. */
const reply = 16;

export class TrafficModel {
  readonly #stream: readonly number[];
  readonly #conversations = new Map<string, Conversation>();

  /** `stream`: source ports that send all the time. */
  constructor(stream: readonly number[]) {
    this.#stream = stream;
  }

  /** The client has carried a command out, between the two times (ms). */
  note(verb: Verb, { ports }: ConversationReport, now: number): void {
    const protocol = verb === 'udp' ? udp : tcp;
    const open = verb === 'open' || verb === 'talk';
    for (const port of ports) this.#conversations.set(`${protocol} ${port}`, { verb, open, at: now });
  }

  get openConnections(): number {
    return [...this.#conversations.values()].filter(({ open }) => open).length;
  }

  /** What is wrong with the firewall's records at a time; empty when nothing is. */
  checkFirewall(rows: readonly StateRow[], now: number): string[] {
    const faults: string[] = [];
    const known = newestOf(rows, ({ key }) => `${key?.protocol} ${key?.inside_port}`, faults);
    for (const [name, row] of known) {
      const conversation = this.#conversations.get(name);
      if (conversation?.open && row.value.state !== established)
        faults.push(`the open connection ${name} is in state ${row.value.state}`);
      if (conversation && !conversation.open && name.startsWith(`${tcp} `) && row.value.state === established)
        faults.push(`the ended connection ${name} is established still`);
    }
    return [...faults, ...this.#checkNames('firewall', new Set(known.keys()), now)];
  }

  /** The same of the NAT's mappings: two records a flow, and a port that no other flow has. */
  checkMappings(rows: readonly StateRow[], now: number): string[] {
    const faults: string[] = [];
    const isForward = ({ value }: StateRow) => (Number(value.flags) & reply) === 0;
    const answers = new Map(
      rows
        .filter((row) => !isForward(row))
        .map((row) => [`${row.key?.protocol} ${row.key?.destination_port} ${row.key?.source_port}`, row]),
    );
    const everyForward = rows.filter(isForward);
    const flowOf = ({ key }: StateRow) => `${key?.protocol} ${key?.source_port} ${key?.destination_port}`;
    const forward = [...newestOf(everyForward, flowOf, faults).values()];
    for (const { key, value } of everyForward.filter((row) => !forward.includes(row)))
      answers.delete(`${key?.protocol} ${value.source_port} ${key?.destination_port}`);
    const owners = new Map<string, number>();
    for (const { key, value } of forward) {
      const inside = Number(key?.source_port);
      const outside = Number(value.source_port);
      // Flows to other ports of the server may share an outside port: their answers are told apart.
      const name = `${key?.protocol} ${outside} ${key?.destination_port}`;
      if (owners.has(name)) faults.push(`port ${name} belongs to ${owners.get(name)} and to ${inside}`);
      owners.set(name, inside);
      if (outside < natPorts.first || outside > natPorts.last)
        faults.push(`port ${name} is none of the NAT's`);
      if (Number(answers.get(name)?.value.destination_port) !== inside)
        faults.push(`the answers to port ${name} do not lead to ${inside}`);
    }
    if (answers.size !== forward.length) faults.push(`${forward.length} flows, ${answers.size} for answers`);
    const names = new Set(forward.map(({ key }) => `${key?.protocol} ${key?.source_port}`));
    return [...faults, ...this.#checkNames('NAT', names, now)];
  }

  /** Nothing is missing that was used a moment ago, nothing is there that has timed out or was never sent. */
  #checkNames(table: string, names: ReadonlySet<string>, now: number): string[] {
    const faults: string[] = [];
    const stream = new Set(this.#stream.map((port) => `${udp} ${port}`));
    for (const name of stream)
      if (!names.has(name)) faults.push(`${table}: flow ${name} of the stream is missing`);
    for (const [name, conversation] of this.#conversations) {
      if (!names.has(name) && mustBeThere(name, conversation, now))
        faults.push(`${table}: conversation ${name} is missing${since(conversation, now)}`);
    }
    for (const name of names) {
      if (stream.has(name)) continue;
      const conversation = this.#conversations.get(name);
      if (!conversation) faults.push(`${table}: ${name} was never sent`);
      else if (mustBeGone(name, conversation, now))
        faults.push(`${table}: conversation ${name} should have timed out${since(conversation, now)}`);
    }
    return faults;
  }
}

/**
 * By name, the newest version's row, which comes first: what an older version beside it knows of a port that is used anew
 * has ended. Rows have a version when there are several.
 */
function newestOf(
  rows: readonly StateRow[],
  nameOf: (row: StateRow) => string,
  faults: string[],
): Map<string, StateRow> {
  const newest = new Map<string, StateRow>();
  for (const row of rows) {
    const name = nameOf(row);
    if (!newest.has(name)) newest.set(name, row);
    else if (row.version === undefined) faults.push(`two records for ${name}`);
  }
  return newest;
}

/** For the report. */
function since({ verb, at }: Conversation, now: number): string {
  return `, ${verb} ${((now - at) / 1000).toFixed(1)} s ago`;
}

function mustBeThere(name: string, { open, at }: Conversation, now: number): boolean {
  return open || (name.startsWith(`${udp} `) && now - at < udpTimeout * 1000 - slack.before);
}

function mustBeGone(name: string, { open, at }: Conversation, now: number): boolean {
  const timeout = name.startsWith(`${udp} `) ? udpTimeout * 1000 : tcpEnd;
  return !open && now - at > timeout + slack.after;
}
