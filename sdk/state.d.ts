// `tools.state`: what a task keeps between its runs.

/** What is kept under a key. */
export interface StateEntry<Value = unknown> {
  value: Value;
  /** Rises with each change; never comes again, not even after the key was deleted. */
  version: number;
}

/** How a comparison ended, and what is there from now on. */
export interface StateComparison<Value = unknown> {
  /** Whether the value was set. */
  done: boolean;
  value: Value | null;
  version: number | null;
}

/**
 * A small store of the task's own: other tasks have others. Values are JSON of up to 32 KiB. A change happens once,
 * even if the run is put down or a node dies in the middle of it.
 */
export interface StateTools {
  /** The value, or null if there is none. */
  get<Value = unknown>(key: string): Promise<Value | null>;
  /** The value and its version, or null if there is none. */
  entry<Value = unknown>(key: string): Promise<StateEntry<Value> | null>;
  /** The keys that begin with `prefix`, or all of them, in order. */
  list(prefix?: string): Promise<string[]>;
  /** Sets a value, whatever was there. */
  set(key: string, value: unknown): Promise<{ version: number }>;
  /** Sets a value only if the version is still this one; `null`: only if there is none. */
  compareAndSet<Value = unknown>(
    key: string,
    version: number | null,
    value: Value,
  ): Promise<StateComparison<Value>>;
  /** Adds to a number, which is 0 where there is none; gives the sum. */
  increment(key: string, by?: number): Promise<number>;
  /** Deletes a key; true if there was one. */
  delete(key: string): Promise<boolean>;
}
