// Event and EventTarget, and on them AbortController and AbortSignal.

import { Event, EventTarget } from 'event-target-shim';
import { defineGlobal } from './primordials.js';
import { setTimeout } from './timers.js';

/** Only this file can make a signal … */
const KEY = {};
/** … or abort one. */
let abortSignal;

export class AbortSignal extends EventTarget {
  #aborted = false;
  #reason = undefined;
  onabort = null;

  constructor(key) {
    if (key !== KEY) throw new TypeError('AbortSignal cannot be made directly; use AbortController');
    super();
  }

  get aborted() {
    return this.#aborted;
  }

  get reason() {
    return this.#reason;
  }

  throwIfAborted() {
    if (this.#aborted) throw this.#reason;
  }

  /** A signal that is aborted already. */
  static abort(reason) {
    const signal = new AbortSignal(KEY);
    AbortSignal.#abort(signal, reason);
    return signal;
  }

  /** A signal that aborts after `ms`, by a durable timer. */
  static timeout(ms) {
    const signal = new AbortSignal(KEY);
    setTimeout(() => AbortSignal.#abort(signal, new DOMException('The operation timed out', 'TimeoutError')), ms);
    return signal;
  }

  /** A signal that aborts when the first of `signals` does. */
  static any(signals) {
    const joint = new AbortSignal(KEY);
    const sources = [...signals];
    const abort = (event) => {
      for (const source of sources) source.removeEventListener('abort', abort);
      AbortSignal.#abort(joint, event.target.reason);
    };
    const aborted = sources.find((source) => source.aborted);
    if (aborted) AbortSignal.#abort(joint, aborted.reason);
    else for (const source of sources) source.addEventListener('abort', abort);
    return joint;
  }

  static #abort(signal, reason) {
    if (signal.#aborted) return;
    signal.#aborted = true;
    signal.#reason = reason === undefined ? new DOMException('This operation was aborted', 'AbortError') : reason;
    const event = new Event('abort');
    if (typeof signal.onabort === 'function') signal.onabort.call(signal, event);
    signal.dispatchEvent(event);
  }

  static {
    abortSignal = AbortSignal.#abort;
  }
}

export class AbortController {
  #signal = new AbortSignal(KEY);

  get signal() {
    return this.#signal;
  }

  abort(reason) {
    abortSignal(this.#signal, reason);
  }
}

defineGlobal('Event', Event);
defineGlobal('EventTarget', EventTarget);
defineGlobal('AbortSignal', AbortSignal);
defineGlobal('AbortController', AbortController);
