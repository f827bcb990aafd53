// The globals a task finds beyond the language itself.

import type { Secret } from './secret';
import type { HttpOptions } from './http';
import type { Tools as AllTools } from './tools';
import type { Retries as TaskRetries, Task as AnyTask, TaskConfig as Config, TaskContext as Context } from './task';

declare global {
  type Tools = AllTools;
  type TaskContext = Context;
  type TaskConfig = Config;
  type Retries = TaskRetries;
  type Task<Input = unknown, Output = unknown> = AnyTask<Input, Output>;

  /** The same as a task's second argument. */
  const tools: Tools;
  /** The id of the run. */
  const currentTaskRunId: string;
  /** @deprecated The older shape of a call. Use `tools.<service>.<method>(…)`. */
  function __callHostTool__(service: string, path: string | string[], args?: unknown): Promise<any>;

  /** What a failed call rejects with. Its stack shows where the call was made. */
  class ToolError extends Error {
    /** A stable word for programs, such as `timeout`, `cancelled` or `task_unknown`. */
    readonly code: string;
    readonly service: string;
    readonly method: string;
    /** How many attempts were made. */
    readonly attempts?: number;
    /** Whether the same call may succeed later. */
    readonly retryable: boolean;
    /** More, in the service's own shape. */
    readonly details?: any;
  }

  /** A request through `tools.http`. */
  function fetch(input: string | URL | Request, init?: RequestInit): Promise<Response>;

  interface RequestInit extends HttpOptions {
    method?: string;
    headers?: any;
    body?: BodyInit | null;
  }

  type BodyInit = string | ArrayBuffer | ArrayBufferView | URLSearchParams | Secret;
  type HeadersInit = Headers | Iterable<[string, string]> | Record<string, string | Secret>;

  /** What Request and Response share: a body that can be read once. */
  interface Body {
    readonly bodyUsed: boolean;
    text(): Promise<string>;
    json(): Promise<any>;
    bytes(): Promise<Uint8Array>;
    arrayBuffer(): Promise<ArrayBuffer>;
  }

  class Response implements Body {
    constructor(body?: BodyInit | null, init?: { status?: number; statusText?: string; headers?: HeadersInit });
    static json(data: unknown, init?: { status?: number; statusText?: string; headers?: HeadersInit }): Response;
    readonly status: number;
    readonly statusText: string;
    readonly ok: boolean;
    readonly url: string;
    readonly headers: Headers;
    clone(): Response;
    readonly bodyUsed: boolean;
    text(): Promise<string>;
    json(): Promise<any>;
    bytes(): Promise<Uint8Array>;
    arrayBuffer(): Promise<ArrayBuffer>;
  }

  class Request implements Body {
    constructor(input: string | URL | Request, init?: RequestInit);
    readonly url: string;
    readonly method: string;
    readonly headers: Headers;
    readonly signal?: AbortSignal;
    clone(): Request;
    readonly bodyUsed: boolean;
    text(): Promise<string>;
    json(): Promise<any>;
    bytes(): Promise<Uint8Array>;
    arrayBuffer(): Promise<ArrayBuffer>;
  }

  class Headers {
    constructor(init?: HeadersInit);
    append(name: string, value: string | Secret): void;
    set(name: string, value: string | Secret): void;
    get(name: string): string | null;
    getSetCookie(): string[];
    has(name: string): boolean;
    delete(name: string): void;
    forEach(callback: (value: string, name: string, headers: Headers) => void): void;
    entries(): IterableIterator<[string, string]>;
    keys(): IterableIterator<string>;
    values(): IterableIterator<string>;
    [Symbol.iterator](): IterableIterator<[string, string]>;
  }

  class URL {
    constructor(url: string | URL, base?: string | URL);
    static canParse(url: string | URL, base?: string | URL): boolean;
    static parse(url: string | URL, base?: string | URL): URL | null;
    href: string;
    readonly origin: string;
    protocol: string;
    username: string;
    password: string;
    host: string;
    hostname: string;
    port: string;
    pathname: string;
    search: string;
    readonly searchParams: URLSearchParams;
    hash: string;
    toString(): string;
    toJSON(): string;
  }

  class URLSearchParams {
    constructor(init?: string | Record<string, string> | Iterable<[string, string]>);
    readonly size: number;
    append(name: string, value: string): void;
    set(name: string, value: string): void;
    get(name: string): string | null;
    getAll(name: string): string[];
    has(name: string, value?: string): boolean;
    delete(name: string, value?: string): void;
    sort(): void;
    forEach(callback: (value: string, name: string, params: URLSearchParams) => void): void;
    entries(): IterableIterator<[string, string]>;
    keys(): IterableIterator<string>;
    values(): IterableIterator<string>;
    [Symbol.iterator](): IterableIterator<[string, string]>;
    toString(): string;
  }

  class TextEncoder {
    readonly encoding: 'utf-8';
    encode(text?: string): Uint8Array;
    encodeInto(text: string, target: Uint8Array): { read: number; written: number };
  }

  class TextDecoder {
    constructor(label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean });
    readonly encoding: string;
    readonly fatal: boolean;
    readonly ignoreBOM: boolean;
    decode(bytes?: ArrayBuffer | ArrayBufferView, options?: { stream?: boolean }): string;
  }

  class Event {
    constructor(type: string, init?: { cancelable?: boolean });
    readonly type: string;
    readonly target: EventTarget | null;
    readonly defaultPrevented: boolean;
    preventDefault(): void;
  }

  class EventTarget {
    addEventListener(type: string, listener: (event: any) => void, options?: { once?: boolean; signal?: AbortSignal }): void;
    removeEventListener(type: string, listener: (event: any) => void): void;
    dispatchEvent(event: Event): boolean;
  }

  class AbortSignal extends EventTarget {
    private constructor();
    static abort(reason?: unknown): AbortSignal;
    /** A signal that aborts after `ms`, by a durable timer. */
    static timeout(ms: number): AbortSignal;
    static any(signals: Iterable<AbortSignal>): AbortSignal;
    readonly aborted: boolean;
    readonly reason: any;
    onabort: ((event: Event) => void) | null;
    throwIfAborted(): void;
  }

  class AbortController {
    readonly signal: AbortSignal;
    abort(reason?: unknown): void;
  }

  class DOMException extends Error {
    constructor(message?: string, name?: string);
    readonly code: number;
  }

  type Digest = 'SHA-1' | 'SHA-256' | 'SHA-384' | 'SHA-512' | 'sha1' | 'sha256' | 'sha384' | 'sha512';
  type BinaryData = string | ArrayBuffer | ArrayBufferView;

  interface CryptoKey {
    readonly type: 'secret';
    readonly extractable: boolean;
    readonly algorithm: { name: 'HMAC'; hash: { name: string }; length: number };
    readonly usages: readonly string[];
  }

  const crypto: {
    getRandomValues<Values extends ArrayBufferView>(array: Values): Values;
    randomUUID(): string;
    /** A digest in one step: bytes, or text if an encoding is given. */
    hash(algorithm: Digest, data: BinaryData): Uint8Array;
    hash(algorithm: Digest, data: BinaryData, encoding: 'hex' | 'base64'): string;
    /** An HMAC in one step: bytes, or text if an encoding is given. */
    hmac(algorithm: Digest, key: BinaryData, data: BinaryData): Uint8Array;
    hmac(algorithm: Digest, key: BinaryData, data: BinaryData, encoding: 'hex' | 'base64'): string;
    readonly subtle: {
      digest(algorithm: Digest | { name: Digest }, data: ArrayBuffer | ArrayBufferView): Promise<ArrayBuffer>;
      importKey(
        format: 'raw',
        key: ArrayBuffer | ArrayBufferView,
        algorithm: { name: 'HMAC'; hash: Digest | { name: Digest } },
        extractable: boolean,
        usages: ('sign' | 'verify')[],
      ): Promise<CryptoKey>;
      sign(algorithm: 'HMAC' | { name: 'HMAC' }, key: CryptoKey, data: ArrayBuffer | ArrayBufferView): Promise<ArrayBuffer>;
      verify(
        algorithm: 'HMAC' | { name: 'HMAC' },
        key: CryptoKey,
        signature: ArrayBuffer | ArrayBufferView,
        data: ArrayBuffer | ArrayBufferView,
      ): Promise<boolean>;
    };
  };

  const console: {
    log(...values: unknown[]): void;
    info(...values: unknown[]): void;
    warn(...values: unknown[]): void;
    error(...values: unknown[]): void;
    debug(...values: unknown[]): void;
    trace(...values: unknown[]): void;
    dir(value: unknown): void;
    assert(condition: unknown, ...values: unknown[]): void;
  };

  const performance: { now(): number; readonly timeOrigin: number };

  /** A durable timer: it is kept, and goes off, whatever happens to the machine. */
  function setTimeout<Args extends unknown[]>(callback: (...args: Args) => void, ms?: number, ...args: Args): number;
  function setInterval<Args extends unknown[]>(callback: (...args: Args) => void, ms?: number, ...args: Args): number;
  function clearTimeout(id: number | undefined): void;
  function clearInterval(id: number | undefined): void;
  function queueMicrotask(callback: () => void): void;
  function structuredClone<Value>(value: Value): Value;
  function atob(base64: string): string;
  function btoa(binary: string): string;

  /** The CommonJS shape of a task: `module.exports = async function (input, { tools }) { … }`. */
  const module: { exports: any };
  let exports: any;
}
