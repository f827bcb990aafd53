// `tools`: a tree of proxies in which every path is a method, `tools.<service>.<a>.<b>(…)`, and a call a promise.
//
// A few paths have a face of their own (tools.log, tools.sleep, tools.http.fetch …); the rest go to the host,
// which knows what services there are.

import { call } from './calls.js';
import { makeNode, notCallable } from './tree.js';

export { toolLabel } from './tree.js';

/** Other names of services. */
const ALIASES = { __proto__: null, database: 'supabase' };

/** The name by which the host knows a service. */
export function serviceName(name) {
  return ALIASES[name] ?? name;
}

/**
 * The tree with the given faces (by dotted path).
 * `tools.tools` is the tree again, so that `async (input, { tools }) => …` works too.
 */
export function makeTools(faces) {
  const root = makeNode('tools', child, notCallable('tools'));
  return root;

  function child(name) {
    if (name === 'tools') return root;
    if (name in ALIASES) return root[ALIASES[name]];
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
