// The host's entry points: how a task is found, started and finished. (`settle` is in calls.js.)

import {
  ErrorIntrinsic, StringIntrinsic, TypeErrorIntrinsic, defineGlobal, freeze, join, objectKeys, parse, stringify,
} from './primordials.js';
import { hostFinish } from './host.js';
import { describeError } from './failure.js';

let task;
let commonJsModule;

/** Makes ready for a script-shaped task: `module`, `exports`, and a `require` that says what to do instead. */
export function prepare(kind) {
  if (kind !== 'commonjs') throw new TypeErrorIntrinsic(`prepare: unknown kind of task source "${kind}"`);
  commonJsModule = { exports: {} };
  defineGlobal('module', commonJsModule);
  defineGlobal('exports', commonJsModule.exports);
  defineGlobal('require', refuseRequire);
}

function refuseRequire(specifier) {
  throw new ErrorIntrinsic(
    `cannot require "${StringIntrinsic(specifier)}": a task is a single file; bundle its dependencies into it first`,
  );
}

/** Finds the task function among what the module exports. */
export function bind(namespace) {
  const exported = namespace === undefined ? commonJsModule?.exports : namespace;
  const found = namespace === undefined ? findCommonJs(exported) : findEsModule(exported);
  task = found.task;
  return '{"shape":"' + found.shape + '","config":' + configJson(exported?.config) + '}';
}

function findEsModule(namespace) {
  if (typeof namespace.runTask === 'function') return { __proto__: null, shape: 'runTask', task: namespace.runTask };
  if (typeof namespace.default === 'function') return { __proto__: null, shape: 'default', task: namespace.default };
  throw noTask(namespace);
}

function findCommonJs(exported) {
  if (typeof exported === 'function') return { __proto__: null, shape: 'commonjs', task: exported };
  if (typeof exported?.runTask === 'function') return { __proto__: null, shape: 'commonjs', task: exported.runTask };
  if (typeof exported?.default === 'function') return { __proto__: null, shape: 'commonjs', task: exported.default };
  throw noTask(exported);
}

function noTask(exported) {
  return new TypeErrorIntrinsic(
    `no task function found: the file exports ${exportedNames(exported)}; export one of ` +
      '`export async function runTask(input, tools)`, `export default async function (input, tools)` or ' +
      '`module.exports = async function (input, { tools })`',
  );
}

function exportedNames(exported) {
  if (exported === null || typeof exported !== 'object') return exported === undefined ? 'nothing' : `a ${typeof exported}`;
  const names = objectKeys(exported);
  return names.length === 0 ? 'nothing' : join(names, ', ');
}

function configJson(config) {
  if (config === undefined) return 'null';
  try {
    const json = stringify(config);
    if (json !== undefined) return json;
  } catch (error) {
    throw new TypeErrorIntrinsic(`the exported config cannot be written as JSON: ${error?.message}`);
  }
  throw new TypeErrorIntrinsic(`the exported config cannot be written as JSON: it is a ${typeof config}`);
}

/** The `start` entry point for the given tools: `{"input":…,"run":{…}}`. */
export function makeStart(tools) {
  return function start(text) {
    if (task === undefined) throw new TypeErrorIntrinsic('start: no task is bound');
    const { input, run } = parse(text);
    defineGlobal('currentTaskRunId', run.id);
    drive(input, tools, freeze({ run: freeze(run) }));
  };
}

/** Runs the task to its end. `await` is the engine's own, so a patched Promise.prototype.then is not asked. */
async function drive(input, tools, context) {
  // A local, so that the task is called without a `this`.
  const run = task;
  let outcome;
  try {
    const value = await run(input, tools, context);
    outcome = '{"ok":true,"value":' + resultJson(value) + '}';
  } catch (error) {
    outcome = '{"ok":false,"error":' + describeError(error) + '}';
  }
  hostFinish(outcome);
}

function resultJson(value) {
  try {
    return stringify(value) ?? 'null';
  } catch (error) {
    throw new TypeErrorIntrinsic("the task's result cannot be written as JSON: " + error?.message);
  }
}
