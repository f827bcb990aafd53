// What a task is: its function, its context and its settings.

import type { Duration, Tools } from './tools';

/**
 * A task function. Export it as `runTask` or as the default export:
 *
 * ```ts
 * export const runTask: Task<{ name: string }, string> = async (input, tools) => `Hello, ${input.name}`;
 * ```
 *
 * At every `await` of a call the run may be put down and picked up later, even years later and on another machine.
 * Variables, closures and pending promises are kept as they are; nothing is run twice. `Date.now()` and
 * `Math.random()` may be used freely.
 *
 * The result must be something JSON can hold; `undefined` becomes `null`.
 */
export type Task<Input = unknown, Output = unknown> = (
  input: Input,
  tools: Tools,
  context: TaskContext,
) => Output | Promise<Output>;

/** The third argument of a task: what the run knows about itself. */
export interface TaskContext {
  readonly run: {
    /** The run's id, such as `run_…`. */
    readonly id: string;
    /** The task's name. */
    readonly task: string;
    /** The version of the task that this run executes, now and when it goes on. */
    readonly version: number;
  };
}

/**
 * Settings a task may export: `export const config: TaskConfig = { … }`. An unknown field is an error at
 * publish, so that a misspelt one is not silently without effect.
 */
export interface TaskConfig {
  /** The task's name, when it should differ from the file's. */
  name?: string;
  /** What the task does, in place of the file's first doc comment. */
  description?: string;
  /** JSON Schema (draft 2020-12) of the input, in place of the one made from the `@param` lines. */
  input?: object;
  /** The longest a run may take from start to end, waiting included; after it the run fails with `timeout`. */
  timeout?: Duration;
  /** How the task's calls to services are retried. */
  retries?: Retries;
  /** What the task calls. Anything else is refused with `not_allowed`; without it, nothing is by the task itself. */
  allow?: Allow;
  /** The most that one run may use; then every further call is refused with `budget_used_up`. */
  budget?: Budget;
}

/** The most that one run may use. What is left out has no limit of its own. */
export interface Budget {
  /** Calls; `sleep` and `events` count for nothing. */
  calls?: number;
  /** Bytes of the calls' arguments and results, as JSON. */
  bytes?: number;
  /** Tokens read and written, where a provider counts them. Calls on their way may go beyond. */
  tokens?: number;
}

/** What a task declares that it calls. */
export interface Allow {
  /** Names of services, such as `'http'`; without it, every service. `sleep` and `events` are always allowed. */
  services?: string[];
  /** Hosts that `tools.http` may reach: names, `*.domain` or `*`; without it, every host. */
  hosts?: string[];
}

/** How often, and how patiently, a failed call is tried again. */
export interface Retries {
  /** Attempts in all, the first included. */
  attempts?: number;
  /** The wait before the second attempt. It doubles from there, with some jitter. */
  backoff?: Duration;
  /** The longest wait between two attempts. */
  backoffMax?: Duration;
}
