// Task code may break the language for itself. It may not break the bridge, nor reach what is behind it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Guest } from './guest.mjs';

/** Replaces what a task might think of replacing, with functions that fail. */
const SABOTAGE = `
  const broken = () => { throw new Error('sabotaged'); };
  JSON.parse = JSON.stringify = broken;
  for (const name of ['then', 'catch', 'finally']) Promise.prototype[name] = broken;
  for (const name of ['resolve', 'reject', 'withResolvers', 'all']) Promise[name] = broken;
  Object.defineProperty(Promise, Symbol.species, { get: broken });
  for (const C of [Array, Map, Set, WeakMap, String, RegExp, Date, Function])
    for (const name of Object.getOwnPropertyNames(C.prototype))
      if (name !== 'constructor') try { C.prototype[name] = broken; } catch {}
  Array.prototype[Symbol.iterator] = broken;
  RegExp.prototype[Symbol.replace] = broken;
  Object.keys = Object.defineProperty = Object.freeze = Reflect.apply = Array.isArray = broken;
  Error.captureStackTrace = broken;
  globalThis.Promise = globalThis.Error = globalThis.Map = globalThis.Proxy = globalThis.String = undefined;
  Object.prototype.get = broken;
  Object.prototype.set = broken;
  Object.prototype.toJSON = undefined;
`;

test('calls, outcomes, timers, log lines and results survive sabotage', async () => {
  const guest = await Guest.boot();
  guest.run(`${SABOTAGE}
    const a = await tools.a.b({ x: 1 }, [2]);
    let code; try { await tools.a.c(); } catch (e) { code = e.code; }
    await tools.sleep('5s');
    tools.log('info', 'still here', { a });
    await new (a.constructor, (async () => {})().constructor)((done) => setTimeout(done, 5));
    return { a, code };`);
  guest.fulfil(1, { v: [1] }).fail(2, { name: 'ToolError', message: 'm', code: 'c', details: {} }).fulfil(3).fulfil(4);
  assert.deepEqual(guest.calls.map((call) => call.args), [[{ x: 1 }, [2]], [], [5000], [5]]);
  assert.deepEqual(guest.logs, [['info', 'still here', { a: { v: [1] } }]]);
  assert.deepEqual(guest.finished, { ok: true, value: { a: { v: [1] }, code: 'c' } });
});

test('chains survive sabotage', async () => {
  const guest = await Guest.boot();
  guest.run(`${SABOTAGE}
    const first = await tools.supabase.from('t').select('*').eq('id', 1);
    let code; try { await tools.database.auth.admin.listUsers(); } catch (e) { code = e.code; }
    return { first, code, caught: await tools.supabase.rpc('f').catch((e) => e.code) };`);
  guest.fulfil(1, { data: [] }).fail(2, { message: 'm', code: 'c' }).fail(3, { message: 'm', code: 'd' });
  assert.deepEqual(guest.calls.map((call) => call.args), [[['t'], ['*'], ['id', 1]], [null, null, []], [['f']]]);
  assert.deepEqual(guest.finished, { ok: true, value: { first: { data: [] }, code: 'c', caught: 'd' } });
});

test('a failure is told after sabotage', async () => {
  const guest = await Guest.boot();
  guest.run(`const E = TypeError; ${SABOTAGE} throw new E('mine');`);
  assert.equal(guest.finished.error.message, 'mine');
});

test('a patched toJSON does not turn arguments into something else', async () => {
  const guest = await Guest.boot();
  guest.run("Array.prototype.toJSON = () => 'gone'; tools.a.b(1); await tools.supabase.from('t').limit(1);");
  assert.deepEqual(guest.calls.map((call) => call.args), [[1], [['t'], [1]]]);
});

test('setters on Object.prototype do not see the bridge', async () => {
  const guest = await Guest.boot();
  guest.run(`
    globalThis.seen = [];
    for (const key of ['service', 'method', 'resolve', 'reject', 'stack', 'run', 'task', 'path', 'args', 'length', 'origin', 'node', 'then', '$js', '0', '1', '2'])
      Object.defineProperty(Object.prototype, key, { set(v) { seen.push(key); }, get() { return undefined; }, configurable: true });
    const p = tools.a.b(); tools.a.c().catch(() => {}); setTimeout(() => {}, 1); tools.log('info', 'x');
    await p; await tools.supabase.from('t').insert({ a: undefined }).select();`);
  guest.fulfil(1, 1).fail(2, { message: 'm', code: 'c' }).fulfil(3).fulfil(4);
  assert.equal(guest.calls[3].method, 'from.insert.select');
  assert.deepEqual(guest.eval('seen'), []);
  assert.equal(guest.finished.ok, true);
});

test('error stacks do not give out functions', async () => {
  const guest = await Guest.boot();
  const { value } = guest.run(`
    let sites = 0;
    try { Error.prepareStackTrace = (e, s) => { sites++; return s; }; } catch {}
    try { Object.defineProperty(Error, 'prepareStackTrace', { value: () => { sites++; } }); } catch {}
    const o = {}; Error.captureStackTrace(o);
    return [sites, typeof o.stack, typeof new Error().stack];`);
  assert.deepEqual(value, [0, 'string', 'string']);
});

test('callers and arguments lead nowhere', async () => {
  const guest = await Guest.boot();
  const { value } = guest.run(`
    function spy() { try { return [typeof spy.caller, typeof arguments.callee.caller, this === undefined || this === globalThis]; } catch (e) { return e.name; } }
    return [spy(), await new Promise((done) => queueMicrotask(() => done(spy())))];`);
  for (const seen of value) assert.ok(seen === 'TypeError' || (seen[0] !== 'function' && seen[1] !== 'function'), JSON.stringify(value));
});

test('the host functions cannot be found again', async () => {
  const guest = await Guest.boot();
  const { value } = guest.run(`
    return [typeof __host_call, typeof __host_finish, Math.random.name, Object.getOwnPropertyNames(console).filter((k) => /host/.test(k)), typeof globalThis.prelude];`);
  assert.deepEqual(value, ['undefined', 'undefined', 'random', [], 'undefined']);
});

test('a hostile thenable as a result cannot finish twice', async () => {
  const guest = await Guest.boot();
  let finishes = 0;
  Object.defineProperty(guest, 'finished', { set: () => { finishes++; }, get: () => undefined });
  guest.run('return { then(a, b) { a(1); a(2); b(3); throw 4; } };');
  assert.equal(finishes, 1);
});
