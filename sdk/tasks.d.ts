// `tools.tasks`: running other tasks.

import type { Duration } from './tools';

/** The inputs of tasks by their names. Empty, until `fermata types` writes those of a folder into it. */
export interface KnownTasks {}

export interface TasksTools {
  /** As below, for a task that is known: an editor completes its name and its input. */
  execute<Name extends keyof KnownTasks>(name: Name, input: KnownTasks[Name], options?: ExecuteOptions): Promise<any>;

  /**
   * Runs another task and waits for its result. Rejects with a `ToolError` if that run fails. Several can run at the
   * same time: `await Promise.all(names.map((name) => tools.tasks.execute('greet', { name })))`.
   */
  execute<Output = unknown>(name: string, input?: unknown, options?: ExecuteOptions): Promise<Output>;

  /** As below, for a task that is known. */
  start<Name extends keyof KnownTasks>(name: Name, input: KnownTasks[Name], options?: ExecuteOptions): Promise<RunHandle>;

  /** Starts a run of another task and goes on without waiting for it. */
  start(name: string, input?: unknown, options?: ExecuteOptions): Promise<RunHandle>;
}

export interface ExecuteOptions {
  /** Fail the call if the run takes longer than this. */
  timeout?: Duration;
  /** The version to run; the latest without one. */
  version?: number;
  /** Higher is executed first; 0 is usual. */
  priority?: number;
}

/** A run that was started. */
export interface RunHandle {
  /** The run's id. */
  id: string;
}
