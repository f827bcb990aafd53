// `tools.http`: requests to the outside.

import type { Secret } from './secret';

/**
 * HTTP requests. They leave through the egress gate, which allows what the workspace and the task allow. A failed
 * request is retried by the task's settings and carries an idempotency key.
 */
export interface HttpTools {
  /** The same as the global `fetch`. */
  fetch: typeof fetch;

  /**
   * A request, answered and read in one call. These do not throw for a status of 400 or more: look at `ok` or
   * `status`. They reject with a `ToolError` when there is no answer at all.
   */
  get<Data = unknown>(url: string | URL, options?: HttpOptions): Promise<HttpAnswer<Data>>;
  delete<Data = unknown>(url: string | URL, options?: HttpOptions): Promise<HttpAnswer<Data>>;

  /** Sends `data`: text, bytes and URLSearchParams as they are, anything else as JSON. Does not throw for a status. */
  post<Data = unknown>(url: string | URL, data?: unknown, options?: HttpOptions): Promise<HttpAnswer<Data>>;
  put<Data = unknown>(url: string | URL, data?: unknown, options?: HttpOptions): Promise<HttpAnswer<Data>>;
  patch<Data = unknown>(url: string | URL, data?: unknown, options?: HttpOptions): Promise<HttpAnswer<Data>>;
}

export interface HttpOptions {
  headers?: Record<string, string | Secret> | Headers;
  /** What to do about redirects; `follow` unless said otherwise. */
  redirect?: 'follow' | 'error' | 'manual';
  /** Give up after this many milliseconds. */
  timeoutMs?: number;
  /** Give up when this signal aborts. */
  signal?: AbortSignal;
}

export interface HttpAnswer<Data = unknown> {
  status: number;
  statusText: string;
  /** Whether the status is 200 to 299. */
  ok: boolean;
  /** Where the answer came from, after redirects. */
  url: string;
  /** Names in lower case. */
  headers: Record<string, string>;
  /** Parsed when the answer says it is JSON; else text, or a Uint8Array if it is not valid UTF-8. */
  data: Data;
}
