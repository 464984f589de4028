/** Open files between two processes, in any number. What is sent stays open here too. */
import { addon, callNative } from '../datapath/addon.ts';
import { HotclickError } from '../errors.ts';

/** Files of one message. */
const mostFiles = 250;
/** ms for one message; it waits in the socket until the other process takes it. */
const patience = 5000;

/** @throws HotclickError HC_SUCCESSION */
export function sendFiles(socket: number, files: readonly number[]): void {
  for (let at = 0; at < files.length; at += mostFiles) {
    const part = files.slice(at, at + mostFiles);
    callNative(() => addon().sendMessage(socket, Uint8Array.of(1), part, patience));
  }
}

/** The caller closes them. @throws HotclickError HC_SUCCESSION */
export function receiveFiles(socket: number, count: number): number[] {
  const files: number[] = [];
  while (files.length < count) {
    const message = callNative(() => addon().receiveMessage(socket, patience));
    if (message === null)
      throw new HotclickError('HC_SUCCESSION', 'the other process closed before it sent everything');
    files.push(...message.files);
  }
  return files;
}
