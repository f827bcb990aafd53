// The shapes a task may have, and what becomes of its result.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Guest } from './guest.mjs';

const echo = '(input, tools, context) => [input, typeof tools, context]';
const echoed = { ok: true, value: ['in', 'function', { run: { id: 'run_1', task: 'test', version: 1 } }] };

test('an ES module may export runTask', async () => {
  const guest = await Guest.boot();
  const bound = guest.loadModule(`export const config = { timeout: '5m' }; export default () => 0; export const runTask = ${echo};`);
  assert.deepEqual(bound, { shape: 'runTask', config: { timeout: '5m' } });
  assert.deepEqual(guest.start('in').finished, echoed);
});

test('an ES module may export a default function', async () => {
  const guest = await Guest.boot();
  assert.deepEqual(guest.loadModule(`export default ${echo};`), { shape: 'default', config: null });
  assert.deepEqual(guest.start('in').finished, echoed);
});

for (const assignment of ['module.exports =', 'module.exports.runTask =', 'exports.runTask =', 'exports.default =']) {
  test(`a script may set ${assignment}`, async () => {
    const guest = await Guest.boot();
    assert.deepEqual(guest.loadScript(`${assignment} ${echo}`), { shape: 'commonjs', config: null });
    assert.deepEqual(guest.start('in').finished, echoed);
  });
}

test('a script may take tools out of its second argument', async () => {
  const guest = await Guest.boot();
  guest.loadScript('module.exports = async function (input, { tools }) { return tools === globalThis.tools; }');
  assert.equal(guest.start().finished.value, true);
});

test('a file without a task is told what it exports and what is accepted', async () => {
  const guest = await Guest.boot();
  assert.throws(() => guest.loadModule('export const a = 1, helper = () => 2;'), /exports a, helper; export one of.*runTask/s);
  assert.throws(() => guest.loadScript('module.exports = 5;'), /exports a number/);
});

test('a config must be JSON', async () => {
  const guest = await Guest.boot();
  assert.throws(() => guest.loadModule('export const config = { a: 1n }; export default () => 0;'), /config cannot be written as JSON/);
});

test('require says to bundle first', async () => {
  const guest = await Guest.boot();
  assert.throws(() => guest.loadScript("const _ = require('lodash');"), /cannot require "lodash".*bundle/s);
});

test('the run id is a global', async () => {
  const guest = await Guest.boot();
  assert.equal((guest.run('return currentTaskRunId;')).value, 'run_1');
});

test('undefined becomes null; what JSON cannot hold is an error', async () => {
  assert.deepEqual((await Guest.boot()).run(''), { ok: true, value: null });
  const { error } = (await Guest.boot()).run('return { big: 1n };');
  assert.equal(error.name, 'TypeError');
  assert.match(error.message, /the task's result cannot be written as JSON: /);
});

test('an error is told with its fields, its cause and the frames of the author', async () => {
  const { ok, error } = (await Guest.boot()).run(
    "throw Object.assign(new RangeError('no', { cause: new Error('why') }), { code: 'E', big: 1n });",
  );
  assert.equal(ok, false);
  assert.equal(error.name, 'RangeError');
  assert.equal(error.code, 'E');
  assert.equal(error.cause.message, 'why');
  assert.match(error.stack, /task\.js:2/);
  assert.doesNotMatch(error.stack, /fermata:prelude/);
});

test('anything may be thrown', async () => {
  assert.match((await Guest.boot()).run("throw 'text';").error.message, /text/);
  assert.match((await Guest.boot()).run('throw { get message() { throw 1 } };').error.message, /task threw/);
  assert.match((await Guest.boot()).run('throw Object.defineProperty(new Error(), "name", { get() { throw 1 } });').error.message, /cannot be read/);
});
