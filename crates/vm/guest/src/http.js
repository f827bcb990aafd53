// fetch, Request and Response: a thin face of the call `http.fetch`. And `tools.http.get(url)` and its kind.

import { cancel, open } from './calls.js';
import { fromBase64, text as decode, toBase64, utf8, viewBytes } from './bytes.js';
import { Headers } from './headers.js';
import { isSecret } from './secret.js';

/** Methods the standard writes in upper case however they are given. */
const COMMON_METHODS = /^(delete|get|head|options|patch|post|put)$/i;

/** What Request and Response share: a body that can be read once. */
class Body {
  #body;
  #used = false;

  constructor(body) {
    this.#body = body;
  }

  get bodyUsed() {
    return this.#used;
  }

  async text() {
    const body = this.#take();
    return typeof body === 'string' ? body : decode(body);
  }

  async json() {
    return JSON.parse(await this.text());
  }

  async bytes() {
    const body = this.#take();
    return typeof body === 'string' ? utf8(body) : body.slice();
  }

  async arrayBuffer() {
    return (await this.bytes()).buffer;
  }

  #take() {
    this.#refuseUsed();
    this.#used = this.#body !== null;
    return this.#body ?? '';
  }

  #refuseUsed() {
    if (this.#used) throw new TypeError('the body has been read already; use clone() to read it twice');
  }

  /** The body for a copy of this object. */
  static copy(owner) {
    owner.#refuseUsed();
    return owner.#body;
  }
}
const copyBody = Body.copy;
delete Body.copy;

/** Marks a response that came over the wire: its headers say what the body is, nothing is implied. */
const RECEIVED = Symbol('received');

export class Response extends Body {
  constructor(body = null, init = {}) {
    const read = init[RECEIVED] ? { body } : readBody(body);
    super(read.body);
    const status = init.status ?? 200;
    const fields = { status, statusText: init.statusText ?? '', url: init.url ?? '', ok: isOk(status) };
    Object.assign(this, fields, { headers: withContentType(new Headers(init.headers), read.type), type: 'default' });
  }

  static json(data, init = {}) {
    const headers = withContentType(new Headers(init.headers), 'application/json');
    return new Response(JSON.stringify(data), { ...init, headers });
  }

  get redirected() {
    return false;
  }

  clone() {
    return new Response(copyBody(this), { ...fieldsOf(this), [RECEIVED]: true });
  }
}

export class Request extends Body {
  constructor(input, init = {}) {
    const base = input instanceof Request ? input : {};
    const method = String(init.method ?? base.method ?? 'GET');
    const given = init.body ?? (input instanceof Request ? copyBody(input) : null);
    const read = readBody(given);
    super(read.body);
    this.url = input instanceof Request ? input.url : String(input);
    this.method = COMMON_METHODS.test(method) ? method.toUpperCase() : method;
    this.headers = withContentType(new Headers(init.headers ?? base.headers), init.body == null ? undefined : read.type);
    this.redirect = init.redirect ?? base.redirect;
    this.signal = init.signal ?? base.signal;
    this.timeoutMs = init.timeoutMs ?? base.timeoutMs;
    if (read.body !== null && /^(GET|HEAD)$/.test(this.method)) throw new TypeError(`a ${this.method} request cannot have a body`);
  }

  clone() {
    return new Request(this);
  }
}

/** A body as text or bytes, and the content type it implies. */
function readBody(body) {
  if (body === null || body === undefined) return { body: null };
  if (typeof body === 'string') return { body, type: 'text/plain;charset=UTF-8' };
  if (body instanceof URLSearchParams) {
    return { body: String(body), type: 'application/x-www-form-urlencoded;charset=UTF-8' };
  }
  const bytes = viewBytes(body);
  if (bytes !== undefined) return { body: bytes.slice() };
  if (isSecret(body)) return { body: String(body) };
  throw new TypeError('a body must be a string, bytes or URLSearchParams; write an object with JSON.stringify');
}

function isOk(status) {
  return status >= 200 && status < 300;
}

function withContentType(headers, type) {
  if (type !== undefined && !headers.has('content-type')) headers.set('content-type', type);
  return headers;
}

function fieldsOf({ status, statusText, url, headers }) {
  return { status, statusText, url, headers };
}

/** `fetch(url, init)`. */
export async function fetch(input, init) {
  const outcome = await exchange(new Request(input, init));
  return new Response(receivedBody(outcome), { ...fieldsOf(outcome), [RECEIVED]: true });
}

/** Sends a request and awaits the host's answer to it. */
async function exchange(request) {
  request.signal?.throwIfAborted();
  return callUnlessAborted(requestArguments(request), request.signal);
}

/** The request as the host takes it: what is absent is left out. */
function requestArguments(request) {
  const message = { url: request.url, method: request.method, headers: Object.fromEntries(request.headers) };
  const body = copyBody(request);
  if (typeof body === 'string') message.body = body;
  else if (body !== null) message.bodyBase64 = toBase64(body);
  if (request.redirect !== undefined) message.redirect = request.redirect;
  if (request.timeoutMs !== undefined) message.timeoutMs = request.timeoutMs;
  return message;
}

function callUnlessAborted(message, signal) {
  return new Promise((resolve, reject) => {
    const number = open('http', 'fetch', [message], settling(resolve), settling(reject));
    signal?.addEventListener('abort', aborted);

    function aborted() {
      cancel(number);
      reject(signal.reason);
    }

    function settling(settle) {
      return (outcome) => {
        signal?.removeEventListener('abort', aborted);
        settle(outcome);
      };
    }
  });
}

/** Text when the body was valid UTF-8, bytes when it was not. */
function receivedBody({ body, bodyBase64 }) {
  return bodyBase64 === undefined ? (body ?? null) : fromBase64(bodyBase64);
}

/** `tools.http.get(url, options)` and its kind: one call, the answer read, whatever its status. */
export const httpFaces = {
  __proto__: null,
  'http.fetch': fetch,
  'http.get': (url, options) => send('GET', url, undefined, options),
  'http.delete': (url, options) => send('DELETE', url, undefined, options),
  'http.post': (url, data, options) => send('POST', url, data, options),
  'http.put': (url, data, options) => send('PUT', url, data, options),
  'http.patch': (url, data, options) => send('PATCH', url, data, options),
};

async function send(method, url, data, options) {
  const headers = new Headers(options?.headers);
  const body = bodyOf(data, headers);
  const outcome = await exchange(new Request(url, { ...options, method, headers, body }));
  const received = new Headers(outcome.headers);
  const ok = isOk(outcome.status);
  return { ...fieldsOf(outcome), ok, headers: Object.fromEntries(received), data: dataOf(outcome, received) };
}

/** Plain data is sent as JSON; text, bytes and forms as they are. */
function bodyOf(data, headers) {
  if (data === undefined || typeof data === 'string') return data;
  if (data instanceof URLSearchParams || viewBytes(data) !== undefined) return data;
  withContentType(headers, 'application/json');
  return JSON.stringify(data, writeSecret);
}

/** In a body, a secret is the text that the egress gate looks for. */
function writeSecret(key, value) {
  return isSecret(this[key]) ? String(this[key]) : value;
}

/** The body parsed when it is said to be JSON (and is), else as it came. */
function dataOf(outcome, headers) {
  const body = receivedBody(outcome);
  if (typeof body !== 'string' || !/[/+]json\b/i.test(headers.get('content-type') ?? '')) return body;
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}
