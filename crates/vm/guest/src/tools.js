// `tools`: a tree of proxies in which every path is a method, `tools.<service>.<a>.<b>(…)`, and a call a promise.
//
// A few paths have a face of their own (tools.log, tools.sleep, tools.http.fetch …); the rest go to the host,
// which knows what services there are.

import { ProxyIntrinsic, TypeErrorIntrinsic, freeze, match, privateWeakMap, rejected } from './primordials.js';
import { call } from './calls.js';

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

/**
 * The tree with the given faces (by dotted path) and aliases (of services).
 * `tools.tools` is the tree again, so that `async (input, { tools }) => …` works too.
 */
export function makeTools(faces, aliases) {
  const root = makeNode('tools', child, notCallable('tools'));
  return root;

  function child(name) {
    if (name === 'tools') return root;
    if (name in aliases) return root[aliases[name]];
    return faces[name] ?? makeService(name, faces);
  }
}

function makeService(name, faces) {
  const label = 'tools.' + name;
  return makeNode(label, (key) => faces[name + '.' + key] ?? makeMethod(name, key), notCallable(label));
}

function makeMethod(service, path) {
  const longer = (key) => makeMethod(service, path + '.' + key);
  return makeNode('tools.' + service + '.' + path, longer, (_, self, args) => call(service, path, args));
}

/** A path that is no method: calling it is a mistake worth a clear message. */
function notCallable(label) {
  return () => rejected(new TypeErrorIntrinsic(label + ' is not a method; call one of its methods: ' + label + '.name(…)'));
}

/** One place in the tree. Children are made when first asked for, and kept: `tools.http === tools.http`. */
function makeNode(label, makeChild, apply) {
  const children = { __proto__: null, toString: freeze(() => '[' + label + ']') };
  const refuse = () => {
    throw new TypeErrorIntrinsic(label + ' is read-only');
  };
  const node = new ProxyIntrinsic(() => {}, {
    __proto__: null,
    get: (_, key) => children[key] ?? (isPath(key) ? (children[key] = makeChild(key)) : undefined),
    has: (_, key) => isPath(key),
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
