// The example tasks, run as they stand by a host that answers their calls.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { transform } from 'esbuild';
import { Guest } from './guest.mjs';

const repository = new URL('../../../../', import.meta.url);
const read = async (path) => (await readFile(new URL(path, repository))).toString();

/** Runs an example to its end; `answers` gives the outcome of each call. */
async function runExample(file, input, answers = () => null) {
  const { code } = await transform(await read(`examples/${file}`), { loader: 'ts' });
  const guest = await Guest.boot();
  guest.loadModule(code);
  guest.start(input);
  for (let next = 0; next < guest.calls.length; next++) {
    const call = guest.calls[next];
    try {
      guest.fulfil(call.number, await answers(call));
    } catch (failure) {
      guest.fail(call.number, failure);
    }
  }
  return guest;
}

const resultOf = async (...args) => {
  const { finished } = await runExample(...args);
  assert.ok(finished?.ok, JSON.stringify(finished));
  return finished.value;
};

test('hello', async () => {
  assert.deepEqual(await resultOf('hello.js', {}), { greeting: 'Hello, world!' });
  assert.deepEqual(await resultOf('hello.js', { name: 'Ada' }), { greeting: 'Hello, Ada!' });
});

test('nested-calls', async () => {
  const answer = ({ args: [task, input] }) => resultOf(`${task}.ts`, input, answer);
  assert.deepEqual(await resultOf('nested-calls.ts', { depth: 2, branches: 3 }, answer), { runs: 13, depth: 2 });
});

test('sleep-until-morning', async () => {
  const morning = await runExample('sleep-until-morning.ts', { hour: 6, minute: 30 });
  assert.equal(new Date(morning.calls[0].args[0]).toISOString().slice(11), '06:30:00.000Z');
  const { finished } = await runExample('sleep-until-morning.ts', { maxWaitSeconds: 0.01 });
  assert.equal(finished.value.woke, 'early');
});

test('approval', async () => {
  assert.equal((await resultOf('approval.ts', { subject: 's' }, () => ({ approved: true }))).outcome, 'approved');
  assert.equal((await resultOf('approval.ts', { subject: 's' }, () => ({ approved: false }))).outcome, 'rejected');
  const late = () => { throw { name: 'ToolError', code: 'timeout', message: 'late' }; };
  assert.equal((await resultOf('approval.ts', { subject: 's' }, late)).outcome, 'timed out');
  assert.match((await runExample('approval.ts', {})).finished.error.message, /input\.subject/);
});

test('lockfile-report', async () => {
  const lockfile = await read('Cargo.lock');
  const answer = ({ args: [task, input] }) => resultOf(`${task}.ts`, input);
  const report = await resultOf('lockfile-report.ts', { lockfile }, answer);
  const names = [...lockfile.matchAll(/^name = "(.*)"$/gm)].map(([, name]) => name);
  assert.equal(report.packages, names.length);
  assert.equal(report.uniqueNames, new Set(names).size);
  assert.deepEqual(report.duplicates.map(({ name }) => name), [...new Set(names.filter((name, i) => names.indexOf(name) !== i))].sort());
  assert.equal(report.sources.reduce((sum, source) => sum + source.packages, 0), names.length);
  assert.equal(report.childRuns, report.sources.length + report.duplicates.length + 40);
  assert.ok(report.childRuns > 50);
  assert.ok(report.duplicates.every(({ dependents }) => dependents.some(({ neededBy }) => neededBy.length > 0)));
  assert.equal(report.largestDependencySets.length, 10);
  assert.ok(report.furthestReach[0].reaches > report.largestDependencySets[0].dependencies);
  assert.match((await runExample('lockfile-report.ts', {})).finished.error.message, /input\.lockfile is missing/);
  const failing = await runExample('lockfile-report.ts', { lockfile }, () => { throw { name: 'ToolError', code: 'task_unknown', message: 'no task' }; });
  assert.match(failing.finished.error.message, /the part about .* failed: no task/);
});
