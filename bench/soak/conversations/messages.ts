/** What the conversations' two programs are told, and what the client answers. */

export interface ServerSettings {
  readonly address: string;
  readonly tcpPort: number;
  readonly udpPort: number;
}

export type ClientSettings = ServerSettings;

/**
 * open N: begins N TCP connections; talk: sends and awaits the same on every open one; close N, reset N: ends some;
 * udp N: N conversations of some datagrams each, all of which must come back.
 */
export type Verb = 'open' | 'talk' | 'close' | 'reset' | 'udp';
export type ClientCommand = `${Verb} ${number} ${number}`;

export interface ServerReady {
  readonly kind: 'ready';
}
export interface ServerFailure {
  readonly kind: 'failure';
  readonly message: string;
}
export type ServerMessage = ServerReady | ServerFailure;

export interface ConversationReport {
  readonly kind: 'report';
  /** The client's ports of the connections or conversations that the command was about. */
  readonly ports: readonly number[];
  /** TCP connections that are open now. */
  readonly open: readonly number[];
  /** What went wrong: a connection that was refused, reset or silent, an answer that did not come or was another. */
  readonly faults: readonly string[];
}
export type ClientMessage = ServerReady | ConversationReport;
