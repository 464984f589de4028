import { LabProgram } from '../../lab/lab-program.ts';
import type { NetworkLab } from '../../lab/network-lab.ts';
import type {
  ClientCommand,
  ClientMessage,
  ClientSettings,
  ConversationReport,
  ServerMessage,
  Verb,
} from './messages.ts';

const ports = { tcpPort: 7001, udpPort: 7002 };
const startTimeoutMs = 15_000;
const answerTimeoutMs = 120_000;

/** TCP connections and UDP conversations between the kernels of a laboratory, begun and ended one command at a time. */
export class Conversations {
  readonly #server: LabProgram<'', ServerMessage>;
  readonly #client: LabProgram<ClientCommand, ClientMessage>;

  private constructor(
    server: LabProgram<'', ServerMessage>,
    client: LabProgram<ClientCommand, ClientMessage>,
  ) {
    this.#server = server;
    this.#client = client;
  }

  static async start(lab: NetworkLab): Promise<Conversations> {
    const settings: ClientSettings = { address: lab.server.ip, ...ports };
    const program = (name: string) => new URL(`./${name}`, import.meta.url);
    const server = new LabProgram<'', ServerMessage>(lab, 'server', program('conversation-server'), settings);
    await server.reached('ready', startTimeoutMs);
    const client = new LabProgram<ClientCommand, ClientMessage>(
      lab,
      'client',
      program('conversation-client'),
      settings,
    );
    await client.reached('ready', startTimeoutMs);
    return new Conversations(server, client);
  }

  /** `count`: how many; `seed`: of what is sent. */
  ask(verb: Verb, count: number, seed: number): Promise<ConversationReport> {
    return this.#client.ask<ConversationReport>(`${verb} ${count} ${seed}`, answerTimeoutMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#server.end(), this.#client.end()]);
  }
}
