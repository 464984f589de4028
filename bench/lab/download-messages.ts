/** What the processes of a download run tell each other over their IPC channels. */

export interface ServerSettings {
  readonly address: string;
  readonly port: number;
  /** Number of downloads the rate is for. */
  readonly connections: number;
  /** Bits/s of content over all downloads. */
  readonly rate: number;
}

export interface ClientSettings {
  readonly address: string;
  readonly port: number;
  readonly connections: number;
  /** A download that got nothing for so long does not count as alive, ms. */
  readonly aliveWithinMs: number;
}

/** `finish`: end every response; `report`: send a `ServerReport`. */
export type ServerCommand = 'finish' | 'report';

export interface ServerReport {
  readonly kind: 'report';
  /** TCP segments sent again by the whole namespace since the server started. */
  readonly retransmits: number;
  /** Bytes of content handed to the kernel, by number of the download. */
  readonly bytes: readonly number[];
}

export type ServerMessage = { readonly kind: 'ready' } | ServerReport | Failure;

/** `report`: send a `ClientReport` and begin a new stall interval; `finish`: give up on what has not ended. */
export type ClientCommand = 'report' | 'finish';

export interface DownloadState {
  readonly bytes: number;
  /** Longest time without a byte since the previous report, ms. */
  readonly stallMs: number;
  /** The same over the whole run. */
  readonly longestStallMs: number;
  readonly alive: boolean;
  /** The response came to its regular end. */
  readonly complete: boolean;
  /** Chunks whose bytes were not those expected at their offset. */
  readonly corrupted: number;
  readonly error?: string;
}

export interface ClientReport {
  readonly kind: 'report';
  readonly downloads: readonly DownloadState[];
}

/** `open`: every download has its first byte; `ended`: every download has ended, well or not. */
export type ClientMessage = { readonly kind: 'open' } | { readonly kind: 'ended' } | ClientReport | Failure;

export interface Failure {
  readonly kind: 'failure';
  readonly message: string;
}
