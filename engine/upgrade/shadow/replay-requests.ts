/** What is asked of the child process that replays live packets. */
import type { HarnessSpec, ReplaySpec } from '../../datapath/addon.ts';
import type { ComparedElement, ComparisonResult } from './comparison.ts';

export interface ReplayRequests {
  /** Pages of a table that the next 'begin' starts with, `table` by its place in the list of tables. */
  pages: {
    request: { table: number; numbers: Uint32Array; sizes: Uint32Array; bytes: Uint8Array };
    answer: null;
  };
  begin: {
    request: {
      subject: ComparedElement;
      old: ReplaySpec;
      next: HarnessSpec;
      rules: readonly string[];
    };
    answer: null;
  };
  /** Captured packets as takeMirrored() gives them. */
  events: { request: { bytes: Uint8Array }; answer: null };
  end: { request: null; answer: ComparisonResult };
}

export type ReplayMessage = {
  [K in keyof ReplayRequests]: { readonly kind: K; readonly request: ReplayRequests[K]['request'] };
}[keyof ReplayRequests];

export type ReplayAnswer =
  | { readonly answer: unknown }
  | { readonly error: { readonly code?: string; readonly message: string } };
