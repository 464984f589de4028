/** The native functions that pass open files between processes. */

/** Bytes and open files of one message; the files are the receiver's to close. */
export interface ProcessMessage {
  readonly data: Buffer;
  readonly files: readonly number[];
}

/** Open files on their way to other processes; native/addon/message_functions.cc. Waits are in ms, and block. */
export interface MessageFunctions {
  messagePair(): [number, number];
  connectMessages(path: string): number;
  /** At most 64 KiB and 250 files. */
  sendMessage(socket: number, data: Uint8Array, files: readonly number[], patience: number): void;
  /** Null when the other side has closed. */
  receiveMessage(socket: number, patience: number): ProcessMessage | null;
  peerOf(socket: number): { readonly pid: number; readonly uid: number };
  memoryFile(name: string, data: Uint8Array): number;
  duplicate(file: number): number;
  notifyService(path: string, text: string, files: readonly number[]): void;
}
