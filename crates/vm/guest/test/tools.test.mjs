// The tools tree, calls, and their outcomes.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Guest } from './guest.mjs';

const boot = () => Guest.boot();

test('every path is a method; calls are numbered', async () => {
  const guest = await boot();
  guest.run("tools.openai.chat.completions.create({ model: 'm' }, undefined); tools.keystore.get('k'); await 0;");
  assert.deepEqual(guest.calls, [
    { number: 1, service: 'openai', method: 'chat.completions.create', args: [{ model: 'm' }, null] },
    { number: 2, service: 'keystore', method: 'get', args: ['k'] },
  ]);
});

test('a call waits until it is settled, in whatever order', async () => {
  const guest = await boot();
  guest.run('return Promise.all([tools.a.b(), tools.a.c()]);');
  assert.equal(guest.finished, undefined);
  guest.fulfil(2, 'second').fulfil(99, 'unknown').fulfil(1, { first: 1 }).fulfil(1, 'again');
  assert.deepEqual(guest.finished, { ok: true, value: [{ first: 1 }, 'second'] });
});

test('a failure is a ToolError that shows where the author made the call', async () => {
  const guest = await boot();
  guest.run(`
    const helper = () => tools.crm.find('x');
    try { await helper(); } catch (e) {
      return { ...e, is: e instanceof ToolError && e instanceof Error, name: e.name, message: e.message, stack: e.stack };
    }`);
  guest.fail(1, { name: 'NotFound', message: 'no such', code: 'not_found', attempts: 3, retryable: false, details: { id: 1 }, stack: 'theirs' });
  const { stack, ...rest } = guest.finished.value;
  assert.deepEqual(rest, {
    service: 'crm', method: 'find', code: 'not_found', attempts: 3, retryable: false, details: { id: 1 }, is: true, name: 'NotFound', message: 'no such',
  });
  assert.match(stack, /^ {4}at helper \(task\.js:3:\d+\)\n {4}at task \(task\.js:4/);
  assert.doesNotMatch(stack, /prelude|native/);
});

test('an uncaught ToolError ends the run with its fields', async () => {
  const guest = await boot();
  guest.run('await tools.a.b();');
  guest.fail(1, { name: 'ToolError', message: 'no', code: 'timeout', retryable: true });
  const { error } = guest.finished;
  assert.equal(error.code, 'timeout');
  assert.equal(error.service, 'a');
  assert.match(error.stack, /task\.js:2/);
});

test('a refused call rejects, and its number is used again', async () => {
  const guest = await boot();
  guest.refusal = 'too many calls';
  guest.run("let refused; try { await tools.a.b(); } catch (e) { refused = e.message; } await tools.log.info(refused); globalThis.go = () => tools.a.c();");
  guest.refusal = undefined;
  guest.eval('go() && 1');
  assert.equal(guest.logs[0][1], 'too many calls');
  assert.deepEqual(guest.calls.map((call) => call.number), [1]);
});

test('arguments that are not JSON reject before the host hears of it', async () => {
  const guest = await boot();
  const { error } = guest.run('await tools.a.b({ n: 1n });');
  assert.match(error.message, /arguments of a\.b cannot be written as JSON/);
  assert.deepEqual(guest.calls, []);
});

test('the tree is stable, silent to protocols, and read-only', async () => {
  const guest = await boot();
  const { value } = guest.run(`
    'use strict';
    const throws = (f) => { try { f(); return false; } catch (e) { return e instanceof TypeError; } };
    await tools; await tools.http;
    return {
      same: tools.http === tools.http && tools.a.b.c === tools.a.b.c && tools.tools === tools && tools.supabase === tools.database,
      json: JSON.stringify({ tools, t: tools.http }) ?? 'undefined',
      protocols: ['then', 'catch', 'finally', 'toJSON', 'constructor', 'prototype', '__proto__', '0', Symbol.iterator].map((k) => tools[k] === undefined && tools.http[k] === undefined),
      text: [String(tools), \`\${tools.http.get2}\`],
      readOnly: [() => { tools.x = 1 }, () => { tools.http.x = 1 }, () => { delete tools.http }, () => Object.defineProperty(tools, 'x', { value: 1 }),
        () => Object.setPrototypeOf(tools, null), () => Object.freeze(tools.http), () => new tools.http.get2()].map(throws),
    };`);
  assert.equal(value.same, true);
  assert.equal(value.json, '{}');
  assert.ok(value.protocols.every(Boolean));
  assert.deepEqual(value.text, ['[tools]', '[tools.http.get2]']);
  assert.ok(value.readOnly.every(Boolean));
  assert.deepEqual(guest.calls, []);
});

test('a service is no method', async () => {
  assert.match((await boot()).run('await tools.http();').error.message, /tools\.http is not a method/);
});

test('older keystore names pass through', async () => {
  const guest = await boot();
  guest.run("tools.keystore.getKey('n', 'k'); tools.tasks.execute('x', { a: 1 }, { timeout: 5 }); tools.tasks.start('y');");
  assert.deepEqual(guest.calls.map(({ service, method, args }) => [service, method, args]), [
    ['keystore', 'getKey', ['n', 'k']], ['tasks', 'execute', ['x', { a: 1 }, { timeout: 5 }]], ['tasks', 'start', ['y']],
  ]);
});

test('the older host call', async () => {
  const guest = await boot();
  guest.run(`
    __callHostTool__('openai', ['chat', 'create'], [1, 2]);
    __callHostTool__('keystore', 'getKey', { a: 1 });
    __callHostTool__('gapi', 'admin.users.list');
    __callHostTool__('database', 'chain', [[{ type: 'call', property: 'from', args: ['t'] }]]);`);
  assert.deepEqual(guest.calls.map(({ service, method, args }) => [service, method, args]), [
    ['openai', 'chat.create', [1, 2]], ['keystore', 'getKey', [{ a: 1 }]], ['gapi', 'admin.users.list', []],
    ['supabase', 'chain', [[{ type: 'call', property: 'from', args: ['t'] }]]],
  ]);
});

test('sleep takes milliseconds and durations', async () => {
  const guest = await boot();
  guest.run("for (const d of [1500, '5m', '1h30m', '2d', '250ms', '1.5 s', '40']) tools.sleep(d);");
  assert.deepEqual(guest.calls.map((call) => [call.service, call.method, ...call.args]), [
    1500, 300000, 5400000, 172800000, 250, 1500, 40].map((ms) => ['sleep', 'for', ms]));
  for (const bad of ["'soon'", "''", '-1', 'NaN', '{}', 'undefined', 'null', 'Symbol()', 'Infinity']) {
    const { error } = (await boot()).run(`await tools.sleep(${bad});`);
    assert.equal(error.name, 'RangeError', bad);
  }
});

test('sleepUntil takes dates, text and milliseconds', async () => {
  const guest = await boot();
  guest.run("tools.sleepUntil(new Date(5000)); tools.sleepUntil('2030-01-01'); tools.sleepUntil(7000.2);");
  assert.deepEqual(guest.calls.map((call) => [call.method, ...call.args]), [['until', 5000], ['until', Date.UTC(2030, 0)], ['until', 7001]]);
  assert.equal((await boot()).run("await tools.sleepUntil('whenever');").error.name, 'RangeError');
});

test('an event wait passes its timeout in milliseconds', async () => {
  const guest = await boot();
  guest.run("tools.events.wait('a', { timeout: '1m', x: 1 }); tools.events.wait('b'); tools.events.send('c');");
  assert.deepEqual(guest.calls.map((call) => call.args), [['a', { timeout: 60000, x: 1 }], ['b', {}], ['c']]);
});

test('a secret is a reference', async () => {
  const guest = await boot();
  const { value } = guest.run(`
    const s = tools.secret('KEY'); console.log(s);
    return { json: s, text: \`Bearer \${s}\`, frozen: Object.isFrozen(s), keys: Object.keys(s) };`);
  assert.deepEqual(value, { json: { $secret: 'KEY' }, text: 'Bearer {{secret:KEY}}', frozen: true, keys: [] });
  assert.equal(guest.logs[0][1], '{{secret:KEY}}');
});

test('log lines are synchronous and are no calls', async () => {
  const guest = await boot();
  guest.run("tools.log('warn', 'a\\nb', { x: 1 }); tools.log.info('i'); tools.log.error('e', 1n); tools.log('only'); return tools.log.debug('d') === undefined;");
  assert.deepEqual(guest.logs, [
    ['warn', 'a\nb', { x: 1 }], ['info', 'i', null], ['error', 'e', '1n'], ['info', 'only', null], ['debug', 'd', null]]);
  assert.deepEqual(guest.calls, []);
  assert.equal(guest.finished.value, true);
});
