/**
 * The child process in which new code runs for the first time. It does what it is told, one request after the other,
 * and knows nothing of why: whatever happens to it, the engine goes on.
 *
 * JavaScript and not TypeScript, so that it starts without a loader.
 */
import { createRequire } from 'node:module';
import { Socket } from 'node:net';
import { ChildChannel } from '../child-channel.js';

const [addonFile = '', seconds = '60'] = process.argv.slice(2);
/** @type {import('../../datapath/addon.ts').Addon} */
const native = createRequire(import.meta.url)(addonFile);
native.confine(Number(seconds));

/** @type {{ [K in keyof import('./trial-requests.ts').TrialRequests]: (request: import('./trial-requests.ts').TrialRequests[K]['request']) => import('./trial-requests.ts').TrialRequests[K]['answer'] }} */
const answers = {
  describe: ({ file, statics }) => native.describeLibrary(file, statics),
  prepare({ shards, files, statics, nodes, edges }) {
    const engine = new native.Engine({
      shards,
      packets: 4096,
      control: new Uint8Array(new SharedArrayBuffer(shards * 4096)),
      busyPoll: false,
      idleDevices: true,
      onLine: () => {},
      onStop: () => {},
    });
    const libraries = files.map((file, i) => engine.loadLibrary(file, statics[i] ?? 'mapped').library);
    const result = engine.prepare({
      nodes: nodes.map((node) => ({ ...node, library: libraries[node.library] ?? -1 })),
      edges,
    });
    const prepared = typeof result === 'number';
    const pointers = prepared ? engine.statePointers(0, [], result) : [];
    engine.close();
    return { refusal: prepared ? null : result, pointers };
  },
  steps({ spec, steps }) {
    const harness = new native.ElementHarness({ ...spec, idleDevices: true });
    const results = steps.map((step) => run(harness, step));
    harness.close();
    return results;
  },
};

/**
 * @param {import('../../datapath/addon.ts').NativeHarness} harness
 * @param {import('./trial-requests.ts').BenchStep} step
 */
function run(harness, [method, ...args]) {
  return /** @type {(...args: unknown[]) => unknown} */ (harness[method]).apply(harness, args);
}

const channel = new ChildChannel(new Socket({ fd: 3, readable: true, writable: true }), (message) => {
  const { kind, request } = /** @type {import('./trial-requests.ts').TrialMessage} */ (message);
  try {
    channel.send({ answer: answers[kind](/** @type {never} */ (request)) });
  } catch (error) {
    const { code, message: text } = /** @type {Error & { code?: string }} */ (error);
    channel.send({ error: { code, message: text } });
  }
});
channel.send('ready');
