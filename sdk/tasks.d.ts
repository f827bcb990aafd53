// `tools.tasks`: running other tasks.

import type { Duration } from './tools';
import type { Retries } from './task';

export interface TasksTools {
  /**
   * Runs another task and waits for its result. Rejects with a `ToolError` if that run fails. Several can run at the
   * same time: `await Promise.all(names.map((name) => tools.tasks.execute('greet', { name })))`.
   */
  execute<Output = unknown>(name: string, input?: unknown, options?: ExecuteOptions): Promise<Output>;

  /** Starts a run of another task and goes on without waiting for it. */
  start(name: string, input?: unknown, options?: ExecuteOptions): Promise<RunHandle>;
}

export interface ExecuteOptions {
  /** Fail the call if the run takes longer than this. */
  timeout?: Duration;
  /** How the call is retried, in place of the task's own setting. */
  retries?: Retries;
  /** Two calls with the same key are one: the second is given the first one's result. */
  idempotencyKey?: string;
}

/** A run that was started. */
export interface RunHandle {
  /** The run's id. */
  id: string;
}
