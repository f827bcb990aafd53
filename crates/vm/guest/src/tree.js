// One place in the tree below `tools`: a proxy whose properties are further places, and which may be called.

import { ProxyIntrinsic, TypeErrorIntrinsic, freeze, match, privateWeakMap, rejected } from './primordials.js';

/** Names the language asks objects for. Answering them with a method would make `await tools` a call. */
const NOT_A_PATH = {
  __proto__: null,
  then: true, catch: true, finally: true, toJSON: true, constructor: true, prototype: true, valueOf: true,
};
const NUMBER_LIKE = /^-?\d/;

const labels = privateWeakMap();

/** `tools.http.get` for a proxy of the tree, undefined for anything else. */
export function toolLabel(value) {
  return labels.get(value);
}

/** Whether reading `key` names something to call, rather than being the language looking for a protocol. */
function isPath(key) {
  return typeof key === 'string' && key !== '__proto__' && !(key in NOT_A_PATH) && match(NUMBER_LIKE, key) === null;
}

/** A path that is no method: calling it is a mistake worth a clear message. */
export function notCallable(label) {
  return () => rejected(new TypeErrorIntrinsic(label + ' is not a method; call one of its methods: ' + label + '.name(…)'));
}

/**
 * A place. Children are made when first asked for, and kept: `tools.http === tools.http`. `children` may hold some
 * from the start, also such as the language asks for.
 */
export function makeNode(label, makeChild, apply, children = { __proto__: null }) {
  children.toString = freeze(() => '[' + label + ']');
  const refuse = () => {
    throw new TypeErrorIntrinsic(label + ' is read-only');
  };
  const node = new ProxyIntrinsic(() => {}, {
    __proto__: null,
    get: (_, key) => children[key] ?? (isPath(key) ? (children[key] = makeChild(key)) : undefined),
    has: (_, key) => isPath(key) || key in children,
    apply,
    construct: refuse,
    ownKeys: () => [],
    getOwnPropertyDescriptor: () => undefined,
    getPrototypeOf: () => null,
    set: refuse,
    defineProperty: refuse,
    deleteProperty: refuse,
    setPrototypeOf: refuse,
    preventExtensions: refuse,
  });
  labels.set(node, label);
  return node;
}
