// `tools.events`: waiting for what happens outside.

import type { Duration } from './tools';

export interface EventsTools {
  /**
   * Waits for an event sent to this run, and gives its data. An event that was sent before the run asked is
   * kept and given at once. While it waits, a run takes no memory.
   *
   * With a `timeout`, rejects with a `ToolError` of code `timeout` if no event came in that time.
   */
  wait<Data = unknown>(name: string, options?: { timeout?: Duration }): Promise<Data>;
}
