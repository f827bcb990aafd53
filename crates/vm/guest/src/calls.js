// Calls to the host: numbered 1, 2, 3 … in the heap, pending until the host settles them.

import { PromiseIntrinsic, StringIntrinsic, TypeErrorIntrinsic, captureStackTrace, parse, stringify } from './primordials.js';
import { hostCall, hostCancel } from './host.js';
import { toolError } from './tool-error.js';

/** Pending calls by number. Without a prototype, so that nothing planted on Object.prototype is found here. */
const pending = { __proto__: null };
let lastNumber = 0;

/** A call as a promise of its outcome. */
export function call(service, method, args) {
  let resolve;
  let reject;
  const promise = new PromiseIntrinsic((resolvePromise, rejectPromise) => {
    resolve = resolvePromise;
    reject = rejectPromise;
  });
  try {
    open(service, method, args, resolve, reject);
  } catch (error) {
    reject(error);
  }
  return promise;
}

/** A call whose arguments are a JSON array already, and which was made where `origin.stack` says. */
export function callWritten(service, method, argsJson, origin) {
  return new PromiseIntrinsic((resolve, reject) => {
    openWritten(service, method, argsJson, { service, method, resolve, reject, stack: origin.stack });
  });
}

/**
 * Hands a call to the host and registers who is told of its outcome.
 * Throws, and leaves no trace, if the arguments cannot be written or the host refuses the call.
 */
export function open(service, method, args, resolve, reject) {
  const argsJson = writeArguments(service, method, args);
  const entry = { service, method, resolve, reject, stack: undefined };
  const number = openWritten(service, method, argsJson, entry);
  // The one cost that a call pays for its errors: where the author made it. Written out only if it fails.
  captureStackTrace(entry, open);
  return number;
}

function openWritten(service, method, argsJson, entry) {
  const number = lastNumber + 1;
  hostCall(number + ' ' + service + ' ' + method + '\n' + argsJson);
  lastNumber = number;
  pending[number] = entry;
  return number;
}

/** Tells the host that nobody waits for call `number` any more. */
export function cancel(number) {
  if (pending[number] === undefined) return;
  delete pending[number];
  hostCancel(StringIntrinsic(number));
}

/** Host entry point: `[number, 1, value]` or `[number, 0, failure]`. */
export function settle(text) {
  const outcome = parse(text);
  const number = outcome[0];
  const entry = pending[number];
  if (entry === undefined) return;
  delete pending[number];
  const { service, method, resolve, reject, stack } = entry;
  if (outcome[1]) resolve(outcome[2]);
  else reject(toolError(outcome[2], service, method, stack));
}

/** The arguments as a JSON array, written one by one so that a patched Array.prototype.toJSON is not asked. */
function writeArguments(service, method, args) {
  let json = '';
  try {
    for (let i = 0; i < args.length; i++) {
      if (i > 0) json += ',';
      json += stringify(args[i]) ?? 'null';
    }
  } catch (error) {
    throw new TypeErrorIntrinsic('the arguments of ' + service + '.' + method + ' cannot be written as JSON: ' + error?.message);
  }
  return '[' + json + ']';
}
