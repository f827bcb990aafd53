// A host for tests: boots the engine with the prelude, plays the host's part of the bridge, and records all of it.

import { readFile } from 'node:fs/promises';
import { EvalFlags, QuickJS } from 'quickjs-wasi';

const read = (path) => readFile(new URL(path, import.meta.url));
const engine = await WebAssembly.compile(await read('../dist/quickjs.wasm'));
const prelude = (await read('../dist/prelude.js')).toString();

export class Guest {
  calls = [];
  cancelled = [];
  logs = [];
  finished = undefined;
  /** Set to make the host refuse calls. */
  refusal = undefined;

  static async boot() {
    const guest = new Guest();
    guest.vm = await QuickJS.create({ wasm: engine, timezoneOffset: 0 });
    guest.#defineHost();
    guest.entry = evaluate(guest.vm, prelude, 'fermata:prelude');
    return guest;
  }

  #defineHost() {
    const { vm } = this;
    const define = (name, answer) => {
      const host = vm.newFunction(name, (...args) => answer(...args.map((arg) => arg.toString())));
      vm.setProp(vm.global, name, host);
    };
    define('__host_call', (text) => this.#call(text));
    define('__host_cancel', (number) => void this.cancelled.push(Number(number)) ?? vm.undefined);
    define('__host_log', (text) => void this.logs.push(JSON.parse(text)) ?? vm.undefined);
    define('__host_random', () => vm.newNumber(0.25));
    define('__host_random_hex', (length) => vm.newString('0123456789abcdef'.repeat(Math.ceil(length / 8)).slice(0, length * 2)));
    define('__host_finish', (text) => void (this.finished = JSON.parse(text)) ?? vm.undefined);
  }

  #call(text) {
    if (this.refusal) throw new Error(this.refusal);
    const newline = text.indexOf('\n');
    const [number, service, method] = text.slice(0, newline).split(' ');
    this.calls.push({ number: Number(number), service, method, args: JSON.parse(text.slice(newline + 1)) });
    return this.vm.undefined;
  }

  /** Calls a host entry point with one string, as the host does; then runs the guest's jobs. */
  enter(name, text) {
    const { vm } = this;
    const fn = this.entry.getProp(name);
    const argument = text === undefined ? vm.undefined : typeof text === 'string' ? vm.newString(text) : text;
    const result = this.#guarded(() => vm.callFunction(fn, vm.undefined, argument));
    vm.executePendingJobs();
    return result.isUndefined ? undefined : result.toString();
  }

  #guarded(action) {
    try {
      return action();
    } catch (error) {
      throw new Error(`${error.name}: ${error.message}\n${error.stack}`);
    }
  }

  /** Loads an ES module task. */
  loadModule(source) {
    const loaded = evaluate(this.vm, source, 'task.js', EvalFlags.TYPE_MODULE);
    this.vm.executePendingJobs();
    return JSON.parse(this.enter('bind', namespaceOf(this.vm, loaded)));
  }

  /** Loads a script-shaped task. */
  loadScript(source) {
    this.enter('prepare', 'commonjs');
    evaluate(this.vm, source, 'task.js');
    return JSON.parse(this.enter('bind'));
  }

  start(input = {}) {
    this.enter('start', JSON.stringify({ input, run: { id: 'run_1', task: 'test', version: 1 } }));
    return this;
  }

  fulfil(number, value) {
    this.enter('settle', JSON.stringify([number, 1, value]));
    return this;
  }

  fail(number, failure) {
    this.enter('settle', JSON.stringify([number, 0, failure]));
    return this;
  }

  /** The value of an expression in the guest's global scope, through JSON. */
  eval(expression) {
    const json = evaluate(this.vm, `JSON.stringify(${expression})`, 'test.js');
    return json.isUndefined ? undefined : JSON.parse(json.toString());
  }

  /** Runs the body of an async function as a task and gives what it returns; no calls are answered. */
  run(body, input) {
    this.loadScript(`module.exports = async function task(input, tools, context) {\n${body}\n};`);
    return this.start(input).finished;
  }
}

/** Evaluates source; its exception becomes a plain Error, which prints shorter than the binding's. */
function evaluate(vm, source, file, flags) {
  try {
    return vm.evalCode(source, file, flags);
  } catch (error) {
    throw new Error(`${error.name}: ${error.message}\n${error.stack}`);
  }
}

/** The namespace an evaluated module's promise is fulfilled with. */
function namespaceOf(vm, promise) {
  let namespace;
  const keep = vm.newEphemeralFunction((value) => {
    namespace = value.dup();
    return vm.undefined;
  });
  let failure;
  const fail = vm.newEphemeralFunction((error) => {
    failure = error.getProp('message').toString();
    return vm.undefined;
  });
  vm.callFunction(promise.getProp('then'), promise, keep, fail);
  vm.executePendingJobs();
  if (failure) throw new Error(failure);
  return namespace;
}
