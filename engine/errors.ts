/**
 * The one table of errors. Every failure a user can meet has a stable code here, with the exit status the
 * command line ends with and a hint that names the next step. `docs/reference/errors.md` is generated from it.
 */

export interface ErrorEntry {
  /** What happened, in general terms; the thrown message carries the particulars. */
  readonly summary: string;
  /** What to do next. */
  readonly hint: string;
  /** Exit status of the command line. */
  readonly exitCode: number;
}

export const errorTable = {
  HC_ARGUMENT: {
    summary: 'a command or API call was given an argument it cannot use',
    hint: 'see --help of the command, or the documentation of the call',
    exitCode: 2,
  },
  HC_BUILD_FAILED: {
    summary: 'the compiler rejected an element source',
    hint: 'correct the source; the running version was not touched',
    exitCode: 3,
  },
  HC_CONFIG_SYNTAX: {
    summary: 'a configuration does not follow the Click language',
    hint: 'correct the line the caret points at',
    exitCode: 3,
  },
  HC_CONFIG_INVALID: {
    summary: 'a configuration was read but describes no valid router',
    hint: 'check class names, port numbers and push/pull with `hotclick check` and `hotclick elements`',
    exitCode: 3,
  },
  HC_CONFIGURE_FAILED: {
    summary: 'an element rejected its arguments or could not be initialised',
    hint: 'see `hotclick elements CLASS` for the arguments it takes',
    exitCode: 3,
  },
  HC_CONTROL_REQUEST: {
    summary: 'a control request is not valid',
    hint: 'send one JSON object a line: {"id":1,"method":"…","params":{…}}',
    exitCode: 2,
  },
  HC_CONTROL_SOCKET: {
    summary: 'the control socket of an engine cannot be made',
    hint: 'give another path with --control, or run without one: --no-control',
    exitCode: 5,
  },
  HC_DEVICE: {
    summary: 'a network device cannot be used',
    hint: 'check the name with `ip link` and the privileges with `hotclick doctor`',
    exitCode: 4,
  },
  HC_HOLDER: {
    summary: 'the process that keeps devices and memory for an engine cannot be used',
    hint: 'look with `hotclick holder`, end it with `hotclick holder --stop`, or run without --holder',
    exitCode: 5,
  },
  HC_INTERNAL: {
    summary: 'an invariant of hotclick itself was broken',
    hint: 'report it with the message and the configuration',
    exitCode: 70,
  },
  HC_KEY: {
    summary: 'a file with a key cannot be used, or would be written over',
    hint: 'make a pair with `hotclick keygen FILE`; FILE signs, FILE.pub is what engines trust',
    exitCode: 3,
  },
  HC_LAB: {
    summary: 'the laboratory of network namespaces could not be set up, or a program in it failed',
    hint: 'iproute2, ethtool and util-linux must be installed; the message names the command that failed',
    exitCode: 4,
  },
  HC_LIBRARY: {
    summary: 'an element library cannot be loaded',
    hint: 'build it again with this version of hotclick',
    exitCode: 3,
  },
  HC_NO_ENGINE: {
    summary: 'no running engine answers on the control socket',
    hint: 'start one with `hotclick run FILE`, or name its socket with --control',
    exitCode: 5,
  },
  HC_NO_SUCH_CLASS: {
    summary: 'no element class of that name is known',
    hint: 'list them with `hotclick elements`',
    exitCode: 3,
  },
  HC_NO_SUCH_ELEMENT: {
    summary: 'the running graph has no element of that name',
    hint: 'list its elements with `hotclick read list`',
    exitCode: 3,
  },
  HC_NO_SUCH_HANDLER: {
    summary: 'the element has no such handler',
    hint: 'list its handlers with `hotclick read ELEMENT.handlers`',
    exitCode: 3,
  },
  HC_HANDLER_FAILED: {
    summary: 'a handler rejected its value',
    hint: 'see `hotclick elements CLASS` for what the handler takes',
    exitCode: 3,
  },
  HC_PINNING: {
    summary: 'two versions of an element cannot run side by side',
    hint: 'leave out --new-flows-only: then the new version takes all flows',
    exitCode: 3,
  },
  HC_PRIVILEGE: {
    summary: 'the operation needs more privileges',
    hint: 'run as root or with CAP_NET_RAW and CAP_NET_ADMIN',
    exitCode: 4,
  },
  HC_SHADOW_FAILED: {
    summary:
      'the new version did something else with copies of live packets than the running one, or crashed on them',
    hint: 'the message shows the first packets; allow what is meant with --expect RULE, or --shadow-budget N',
    exitCode: 3,
  },
  HC_SIGNATURE: {
    summary: 'an element library or source is not signed, or not by a trusted key, or was changed since',
    hint: 'sign it with `hotclick sign FILE --key KEY`, with a key that the engine was given as --trusted-key',
    exitCode: 3,
  },
  HC_STATE_DECLARATION: {
    summary: 'an element keeps mutable static data that is not declared as state',
    hint: 'declare it as state, make it a member of the element, or make it const',
    exitCode: 3,
  },
  HC_STATE_POINTER: {
    summary:
      'the state of an element holds an address of its library or object, which an upgrade would leave dangling',
    hint: 'keep a number or an index instead, and find what it stands for in start()',
    exitCode: 3,
  },
  HC_STATICS: {
    summary: 'static variables that are not declared as state cannot be carried over to the new version',
    hint: 'the message names each variable and why; keep what is carried over as it is, or declare it as state',
    exitCode: 3,
  },
  HC_STATE_MOVED: {
    summary: 'flows came back into other shards than their replies come to',
    hint: 'they work again when they are opened anew; to keep such flows, start with the number of shards that made them',
    exitCode: 5,
  },
  HC_STATE_SCHEMA: {
    summary: 'the state of the old version cannot be converted for the new one',
    hint: 'give the schema an up_from/down_to conversion for the version named in the message',
    exitCode: 3,
  },
  HC_STORE: {
    summary: 'the state store cannot be used',
    hint: 'check the directory, its permissions and the free space; forwarding goes on without it',
    exitCode: 6,
  },
  HC_TRANSFER: {
    summary: 'memory and devices cannot be handed from one engine to another',
    hint: 'the engine that had them goes on; the message names what did not fit',
    exitCode: 3,
  },
  HC_SUCCESSION: {
    summary: 'another process could not take the place of the one that runs the engine',
    hint: 'the old process goes on; the message names the phase and the cause',
    exitCode: 3,
  },
  HC_UPGRADE_BUSY: {
    summary: 'another upgrade is under way',
    hint: 'wait for it to end, or look at `hotclick history`',
    exitCode: 7,
  },
  HC_UPGRADE_FAULT: {
    summary: 'new code crashed or did not come to its end; the old revision goes on',
    hint: 'the backtrace names the function; correct it and upgrade again',
    exitCode: 8,
  },
  HC_UPGRADE_GUARD: {
    summary: 'a guard tripped while an upgrade was watched; the old revision goes on',
    hint: 'when the change is what was meant, raise the limit or switch the guard off with --guard',
    exitCode: 8,
  },
  HC_UPGRADE_FAILED: {
    summary: 'an upgrade was refused; the old revision goes on',
    hint: 'the message names the step and its cause',
    exitCode: 3,
  },
  HC_VERIFY_FAILED: {
    summary:
      'new code did not pass its trial in a process of its own: it crashed, did not end, or failed its test vectors',
    hint: 'the message names what it was doing; the running version was not touched',
    exitCode: 3,
  },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof errorTable;

export interface ErrorOptions {
  cause?: unknown;
  /** Overrides the table's hint where a better next step is known. */
  hint?: string;
  /** Machine-readable particulars: positions, element names, limits. */
  details?: Record<string, unknown>;
}

/** An error with a code from the table. `message` says what happened to which thing. */
export class HotclickError extends Error {
  readonly code: ErrorCode;
  readonly hint: string;
  readonly exitCode: number;
  readonly details: Record<string, unknown>;

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    const entry = errorTable[code];
    this.name = 'HotclickError';
    this.code = code;
    this.hint = options.hint ?? entry.hint;
    this.exitCode = entry.exitCode;
    this.details = options.details ?? {};
  }

  toJSON(): { code: ErrorCode; message: string; hint: string; details: Record<string, unknown> } {
    return { code: this.code, message: this.message, hint: this.hint, details: this.details };
  }
}
