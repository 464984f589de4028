/** Who keeps an engine's open files while there is no engine: a holder process, or the service manager. */
export interface FileKeeper {
  /** Where other processes reach it; undefined when they cannot. */
  readonly path?: string;
  /**
   * From now on it keeps this process's files. `from`: the living process whose files it keeps until now.
   * @throws HotclickError HC_HOLDER when it keeps those of another living process
   */
  own(from?: number): void;
  /** What the last engine left; the caller closes it. Empty when there is nothing. */
  take(): readonly number[];
  /** From now on these are kept, and nothing else. They stay open here too. */
  put(files: readonly number[]): void;
  /** The engine ends on purpose: nothing is kept. */
  clear(): void;
  /** What is kept stays. */
  close(): void;
}
