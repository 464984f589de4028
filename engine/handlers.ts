/** Reading and writing handlers of a running router: the values of all shards as one. */
import { fromNative, type NativeEngine } from './datapath/addon.ts';
import { HotclickError } from './errors.ts';
import type { HandlerInfo } from './graph/element-class.ts';
import { classOf, elementOf } from './upgrade/older-versions.ts';
import type { Revision } from './upgrade/revision.ts';

const firstRoom = 64 * 1024;
const largestRoom = 64 * 1024 * 1024;

/** 'sum' and so on, as the class declares it; sums of whole numbers are exact. */
export function mergeValues(how: string, values: readonly string[]): string {
  const first = values[0] ?? '';
  if (values.length < 2) return first;
  switch (how) {
    case 'sum':
      return values.every((value) => /^-?\d+$/.test(value))
        ? values.reduce((sum, value) => sum + BigInt(value), 0n).toString()
        : String(values.reduce((sum, value) => sum + Number(value), 0));
    case 'max':
      return values.reduce((best, value) => (Number(value) > Number(best) ? value : best));
    case 'min':
      return values.reduce((best, value) => (Number(value) < Number(best) ? value : best));
    case 'concat':
      return values.join('');
    default:
      return first;
  }
}

/** What handlers need of the native engine. */
export type HandledEngine = Pick<NativeEngine, 'handler' | 'elementStats'>;

export class Handlers {
  readonly #engine: HandledEngine;
  readonly #shards: number;
  readonly #running: () => Revision;

  constructor(engine: HandledEngine, shards: number, running: () => Revision) {
    this.#engine = engine;
    this.#shards = shards;
    this.#running = running;
  }

  /**
   * `parameter` is for handlers that take one, as `lookup`.
   * @throws HotclickError HC_NO_SUCH_ELEMENT, HC_NO_SUCH_HANDLER, HC_HANDLER_FAILED when the parameter is rejected
   */
  async read(path: string, parameter = ''): Promise<string> {
    const { element, handler } = splitPath(path);
    const { info } = element === '' ? {} : this.#find(element, handler);
    if (parameter !== '' && !info?.parameter) {
      throw new HotclickError('HC_HANDLER_FAILED', `read handler '${path}' takes no parameter`);
    }
    if (element === '') return this.#readRouter(handler);
    if (!info) return this.#readGeneric(element, handler);
    if (!info.readable) throw new HotclickError('HC_NO_SUCH_HANDLER', `'${path}' can only be written`);
    const values = await Promise.all(
      Array.from({ length: info.merge === 'first' ? 1 : this.#shards }, (_, shard) =>
        this.#readShard(shard, element, handler, parameter),
      ),
    );
    return mergeValues(info.merge, values);
  }

  /** To all shards. @throws HotclickError HC_HANDLER_FAILED when one rejects it */
  async write(path: string, value: string): Promise<void> {
    const { element, handler } = splitPath(path);
    const { info } = this.#find(element, handler);
    if (!info?.writable) throw new HotclickError('HC_NO_SUCH_HANDLER', `there is no write handler '${path}'`);
    for (let shard = 0; shard < this.#shards; ++shard) {
      await this.#engine.handler(shard, element, handler, value).catch((error) => {
        throw fromNative(error);
      });
    }
  }

  /** An element of `shard` wrote a handler of its own shard ('ELEMENT.HANDLER VALUE'): the others get it too. */
  passOn(shard: number, write: string): void {
    const space = write.indexOf(' ');
    const { element, handler } = splitPath(write.slice(0, space));
    for (let other = 0; other < this.#shards; ++other) {
      // The shard that began has taken the value; another may have changed its graph since, which is no fault.
      if (other !== shard)
        this.#engine.handler(other, element, handler, write.slice(space + 1)).catch(() => {});
    }
  }

  /** Handlers of an element: its class's and those every element has. */
  list(element: string): HandlerInfo[] {
    const elementClass = classOf(this.#running(), element);
    if (!elementClass) throw noElement(element);
    return [...elementClass.handlers, ...genericHandlers];
  }

  async #readShard(shard: number, element: string, handler: string, parameter: string): Promise<string> {
    for (let room = firstRoom; room <= largestRoom; room *= 8) {
      const value = await this.#engine
        .handler(shard, element, handler, null, room, parameter)
        .catch((error) => {
          throw fromNative(error);
        });
      if (value !== null) return value;
    }
    throw new HotclickError(
      'HC_HANDLER_FAILED',
      `the value of '${element}.${handler}' is longer than 64 MiB`,
    );
  }

  #find(element: string, handler: string): { info: HandlerInfo | undefined } {
    const elementClass = classOf(this.#running(), element);
    if (!elementClass) throw noElement(element);
    return { info: elementClass.handlers.find(({ name }) => name === handler) };
  }

  #readRouter(handler: string): string {
    const { graph, graphText, number, classes } = this.#running();
    switch (handler) {
      case 'list':
        return `${graph.elements.length}\n${graph.elements.map(({ name }) => name).join('\n')}\n`;
      case 'config':
        return graphText;
      case 'version':
        return String(number);
      case 'classes':
        return [...classes.values()].map(({ className, version }) => `${className} ${version}\n`).join('');
      default:
        throw new HotclickError('HC_NO_SUCH_HANDLER', `the router has no handler '${handler}'`, {
          hint: "the router's handlers are list, config, version and classes; others are ELEMENT.HANDLER",
        });
    }
  }

  #readGeneric(element: string, handler: string): string {
    const { element: declared, elementClass, inputs, outputs } = elementOf(this.#running(), element)!;
    switch (handler) {
      case 'class':
        return declared.className;
      case 'name':
        return declared.name;
      case 'config':
        return declared.args.join(', ');
      case 'class_version':
        return elementClass.version;
      case 'handlers':
        return [...elementClass.handlers, ...genericHandlers]
          .map(
            ({ name, readable, writable, parameter }) =>
              `${name}\t${readable ? 'r' : ''}${parameter ? '+' : ''}${writable ? 'w' : ''}\n`,
          )
          .join('');
      case 'ports':
        return [
          `${inputs.length} input${inputs.length === 1 ? '' : 's'}`,
          ...inputs,
          `${outputs.length} output${outputs.length === 1 ? '' : 's'}`,
          ...outputs,
          '',
        ].join('\n');
      case 'drops': {
        const drops: Record<string, number> = {};
        for (let shard = 0; shard < this.#shards; ++shard) {
          const stats = this.#engine.elementStats(shard).find((one) => one.element === element);
          for (const [reason, n] of Object.entries(stats?.drops ?? {}))
            drops[reason] = (drops[reason] ?? 0) + n;
        }
        return Object.entries(drops)
          .map(([reason, n]) => `${n}\t${reason}\n`)
          .join('');
      }
      default:
        throw new HotclickError(
          'HC_NO_SUCH_HANDLER',
          `element '${element}' (${declared.className}) has no handler '${handler}'`,
        );
    }
  }
}

const genericHandlers: readonly HandlerInfo[] = [
  ['class', 'the element class'],
  ['name', 'the element name'],
  ['config', 'the arguments'],
  ['class_version', 'version of the running library'],
  ['handlers', 'names of all handlers, with r and w, and + where reading takes a parameter'],
  ['ports', 'numbers of ports and how each works'],
  ['drops', 'dropped packets by reason'],
].map(([name, help]) => ({
  name: name!,
  readable: true,
  parameter: false,
  writable: false,
  merge: 'first',
  help: help!,
}));

function splitPath(path: string): { element: string; handler: string } {
  const dot = path.lastIndexOf('.');
  return { element: path.slice(0, Math.max(dot, 0)), handler: path.slice(dot + 1) };
}

function noElement(element: string): HotclickError {
  return new HotclickError('HC_NO_SUCH_ELEMENT', `the running graph has no element '${element}'`);
}
