import { randomInt } from 'node:crypto';
import { HotclickError } from '../../engine/errors.ts';

/**
 * Names of everything a laboratory puts on the machine. They carry the process number of their maker, so that runs
 * never meet and leftovers of dead ones can be told from what is in use.
 */
export interface LabNames {
  /** Network namespaces. */
  readonly client: string;
  readonly server: string;
  readonly engine: string;
  /** The engine's ends of the two veth pairs; at most 15 characters, the kernel's limit. */
  readonly clientSide: string;
  readonly serverSide: string;
}

const namespacePattern = /^hc-(?:client|server|engine)-([0-9a-z]+)-[0-9a-z]+$/;
const devicePattern = /^hc-[cs]-([0-9a-z]+)-[0-9a-z]+$/;

/** Names for a new laboratory of this process. `suffix`: 1 to 4 of a–z and 0–9, by default random. */
export function labNames(suffix = randomInt(36 ** 4).toString(36)): LabNames {
  if (!/^[0-9a-z]{1,4}$/.test(suffix)) {
    throw new HotclickError('HC_ARGUMENT', `suffix '${suffix}' is not 1 to 4 characters of a-z and 0-9`);
  }
  const tail = `${process.pid.toString(36)}-${suffix}`;
  return {
    client: `hc-client-${tail}`,
    server: `hc-server-${tail}`,
    engine: `hc-engine-${tail}`,
    clientSide: `hc-c-${tail}`,
    serverSide: `hc-s-${tail}`,
  };
}

/** The process that made a namespace or device of that name, or undefined when the name is not one of ours. */
export function makerOf(name: string): number | undefined {
  const maker = namespacePattern.exec(name)?.[1] ?? devicePattern.exec(name)?.[1];
  return maker === undefined ? undefined : Number.parseInt(maker, 36);
}
