// `tools.supabase`: chains as supabase-js has them. Building one calls nobody; awaiting it is one call.
//
// The host gets the path of the chain, such as `from.select.eq`, and beside it one array of arguments for each
// step, or null for a step that was read and not called (`auth.admin.listUsers`: `[null,null,[]]`).

import { RangeErrorIntrinsic, TypeErrorIntrinsic, captureStackTrace, freeze, match } from './primordials.js';
import { makeNode, notCallable } from './tree.js';
import { writeStep } from './chain-json.js';

/** The most steps one chain may have. */
const STEPS_MAX = 200;
const NAME = /^[A-Za-z_$][\w$]*$/;

/** What begins a request in supabase-js. From then on its steps change the builder, and give it back. */
const VERBS = { __proto__: null, select: true, insert: true, upsert: true, update: true, delete: true, rpc: true };

/** Steps whose argument means nothing outside the task. */
const ARGUMENTS_STAY = { __proto__: null, abortSignal: true };

/**
 * The chains of `service`. `send(service, path, argsJson, origin)` makes the call and gives its promise; `origin`
 * holds the stack of where the chain was begun.
 */
export function makeChains(service, send) {
  const label = 'tools.' + service;
  const nothing = { __proto__: null, path: '', args: '', length: 0, origin: undefined, node: undefined };
  return makeNode(label, (key) => makeStep(nothing, key), notCallable(label));

  /** A step that is read, and may be called or read on. The chain before it may grow until then. */
  function makeStep(chain, name) {
    if (match(NAME, name) === null) throw new TypeErrorIntrinsic(label + ' has no step "' + name + '"');
    const read = (key) => makeStep(longer(chain, name, 'null'), key);
    return makeNode(label + '.' + joined(chain.path, '.', name), read, (_, self, args) => called(chain, name, args));
  }

  function called(chain, name, args) {
    const what = service + '.' + joined(chain.path, '.', name);
    const added = longer(chain, name, name in ARGUMENTS_STAY ? '[]' : writeStep(what, args));
    if (chain.node === undefined) return begun(added, name in VERBS);
    chain.path = added.path;
    chain.args = added.args;
    chain.length = added.length;
    return chain.node;
  }

  /** A chain that can be awaited. */
  function begun(chain, isBuilder) {
    if (chain.origin === undefined) {
      chain.origin = { __proto__: null };
      captureStackTrace(chain.origin, called);
    }
    const perform = () => send(service, chain.path, '[' + chain.args + ']', chain.origin);
    const name = label + '.' + chain.path;
    const node = makeNode(name, (key) => makeStep(chain, key), notCallable(name), {
      __proto__: null,
      then: freeze((onFulfilled, onRejected) => then(perform(), onFulfilled, onRejected)),
      catch: freeze((onRejected) => then(perform(), undefined, onRejected)),
      finally: freeze((onSettled) => lastly(perform(), onSettled)),
    });
    if (isBuilder) chain.node = node;
    return node;
  }

  function longer(chain, name, argsJson) {
    if (chain.length >= STEPS_MAX) throw new RangeErrorIntrinsic(label + ': a chain has at most ' + STEPS_MAX + ' steps');
    const path = joined(chain.path, '.', name);
    const args = joined(chain.args, ',', argsJson);
    return { __proto__: null, path, args, length: chain.length + 1, origin: chain.origin, node: undefined };
  }
}

function joined(before, mark, text) {
  return before === '' ? text : before + mark + text;
}

// The engine's own `await`, so that a patched Promise.prototype.then is not asked.

async function then(promise, onFulfilled, onRejected) {
  let value;
  try {
    value = await promise;
  } catch (error) {
    if (typeof onRejected !== 'function') throw error;
    return onRejected(error);
  }
  return typeof onFulfilled === 'function' ? onFulfilled(value) : value;
}

async function lastly(promise, onSettled) {
  const settled = () => (typeof onSettled === 'function' ? onSettled() : undefined);
  let value;
  try {
    value = await promise;
  } catch (error) {
    await settled();
    throw error;
  }
  await settled();
  return value;
}
