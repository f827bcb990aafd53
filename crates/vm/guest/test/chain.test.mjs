// Chains of tools.supabase: built without a call, and one call when they are awaited.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Guest } from './guest.mjs';

const boot = () => Guest.boot();
const sent = (guest) => guest.calls.map(({ service, method, args }) => [service, method, args]);

/** What the host is asked when a task runs `body`. */
async function callsOf(body) {
  const guest = await boot();
  guest.run(body);
  return sent(guest);
}

test('awaiting a chain is one call', async () => {
  const guest = await boot();
  guest.run("return (await tools.supabase.from('t').select('*').eq('id', 1)).data;");
  assert.deepEqual(sent(guest), [['supabase', 'from.select.eq', [['t'], ['*'], ['id', 1]]]]);
  guest.fulfil(1, { data: [{ id: 1 }], error: null });
  assert.deepEqual(guest.finished, { ok: true, value: [{ id: 1 }] });
});

test('building a chain calls nobody', async () => {
  assert.deepEqual(await callsOf("tools.supabase.from('t').select().eq('a', 1); await tools.supabase; await tools.supabase.from; await tools.supabase.auth.admin;"), []);
});

test('a step that is only read has no arguments', async () => {
  assert.deepEqual(await callsOf("await tools.supabase.auth.admin.listUsers();"), [['supabase', 'auth.admin.listUsers', [null, null, []]]]);
});

test('the database is supabase', async () => {
  const guest = await boot();
  guest.run("globalThis.same = tools.database === tools.supabase; await tools.database.rpc('f');");
  assert.deepEqual([sent(guest), guest.eval('same')], [[['supabase', 'rpc', [['f']]]], true]);
});

test('then, catch and finally make the call', async () => {
  const guest = await boot();
  guest.run(`
    const seen = [];
    const chain = () => tools.supabase.from('t').select();
    const three = [
      chain().then(({ data }) => seen.push(['then', data])),
      chain().catch((error) => seen.push(['catch', error.code])),
      chain().finally(() => seen.push(['finally'])).catch((error) => seen.push(['passed on', error.code])),
    ];
    await Promise.all(three);
    return seen;`);
  assert.equal(guest.calls.length, 3);
  guest.fulfil(1, { data: 7 }).fail(2, { message: 'm', code: 'two' }).fail(3, { message: 'm', code: 'three' });
  assert.deepEqual(guest.finished.value, [['then', 7], ['catch', 'two'], ['finally'], ['passed on', 'three']]);
});

test('finally hands the value on, and its own error instead', async () => {
  const guest = await boot();
  guest.run(`
    const chain = () => tools.supabase.rpc('f');
    return [await chain().finally(() => 'not this'), await chain().finally(() => { throw 'its own'; }).catch((e) => e)];`);
  guest.fulfil(1, 'value').fulfil(2, 'value');
  assert.deepEqual(guest.finished.value, ['value', 'its own']);
});

test('awaiting twice is two calls', async () => {
  const guest = await boot();
  guest.run("const chain = tools.supabase.from('t').select(); return [await chain, await chain];");
  guest.fulfil(1, 'first').fulfil(2, 'second');
  assert.deepEqual(guest.finished.value, ['first', 'second']);
});

test('chains of one Promise.all are pending together', async () => {
  const guest = await boot();
  guest.run("return Promise.all(['a', 'b'].map((t) => tools.supabase.from(t).select()));");
  assert.deepEqual(guest.calls.map(({ args }) => args[0]), [['a'], ['b']]);
  guest.fulfil(2, 2).fulfil(1, 1);
  assert.deepEqual(guest.finished.value, [1, 2]);
});

test('a builder changes itself, as in supabase-js', async () => {
  assert.deepEqual(
    await callsOf("const query = tools.supabase.from('t').delete(); query.eq('a', 1); const { lt } = query; query.gt('b', 2); lt('c', 3); await query;"),
    [['supabase', 'from.delete.eq.gt.lt', [['t'], [], ['a', 1], ['b', 2], ['c', 3]]]],
  );
});

test('what comes before the verb is not changed', async () => {
  const calls = await callsOf(`
    const table = tools.supabase.from('t');
    const chains = [table.select('a').eq('x', 1), table.select('b'), table.insert({ y: 2 })];
    for (const chain of chains) chain.then(() => {});`);
  assert.deepEqual(calls.map(([, path, args]) => [path, ...args.slice(1)]), [['from.select.eq', ['a'], ['x', 1]], ['from.select', ['b']], ['from.insert', [{ y: 2 }]]]);
});

test('undefined, dates, big integers and numbers that are none', async () => {
  const [[, , args]] = await callsOf(`
    await tools.supabase.from('t', undefined).insert([{ a: undefined, b: new Date(0), c: 10n, d: NaN }], undefined)
      .not('x', undefined, null).in('y', [undefined, Infinity]).eq('z', undefined).abortSignal(AbortSignal.abort());`);
  const sign = (word) => ({ $js: word });
  assert.deepEqual(args, [['t'], [[{ a: sign('undefined'), b: '1970-01-01T00:00:00.000Z', c: '10', d: sign('NaN') }]],
    ['x', sign('undefined'), null], ['y', [sign('undefined'), sign('Infinity')]], ['z'], []]);
});

test('bytes go as base64', async () => {
  const [[, , args]] = await callsOf("await tools.supabase.storage.from('b').upload('p', new TextEncoder().encode('hi'), { upsert: true });");
  assert.deepEqual(args, [null, ['b'], ['p', { base64: 'aGk=' }, { upsert: true }]]);
});

test('arguments that are not JSON are refused where they are given', async () => {
  const guest = await boot();
  const { error } = guest.run("const row = {}; row.self = row; await tools.supabase.from('t').insert(row);");
  assert.match(error.message, /^the arguments of supabase\.from\.insert cannot be written as JSON: /);
  assert.deepEqual(guest.calls, []);
});

test('a chain has a limit', async () => {
  const guest = await boot();
  const { error } = guest.run("const query = tools.supabase.from('t').select(); for (let i = 0; i < 198; i++) query.eq('a', i); globalThis.fits = true; query.eq('a', 198);");
  assert.deepEqual([error.name, error.message], ['RangeError', 'tools.supabase: a chain has at most 200 steps']);
  assert.equal(guest.eval('fits'), true);
  const read = (await boot()).run("let step = tools.supabase; for (;;) step = step.again;");
  assert.match(read.error.message, /at most 200 steps/);
});

test('names that would not be one step of the path are refused', async () => {
  for (const name of ["'a.b'", "'a b'", "'a\\n2 http fetch'", "''"]) {
    assert.match((await boot()).run(`await tools.supabase[${name}]();`).error.message, /has no step/);
  }
});

test('a failed chain says where it was begun', async () => {
  const guest = await boot();
  guest.run(`
    const load = () => tools.supabase.from('t')
      .select().throwOnError();
    try { await load(); } catch (e) { return { stack: e.stack, method: e.method, code: e.code }; }`);
  guest.fail(1, { message: 'no', code: '42P01' });
  const { stack, ...rest } = guest.finished.value;
  assert.deepEqual(rest, { method: 'from.select.throwOnError', code: '42P01' });
  assert.match(stack, /^ {4}at load \(task\.js:3:\d+\)\n {4}at task \(task\.js:5/);
  assert.doesNotMatch(stack, /prelude|native/);
});

test('a refused call rejects', async () => {
  const guest = await boot();
  guest.refusal = 'too many calls';
  assert.equal(guest.run("await tools.supabase.rpc('f');").error.message, 'too many calls');
});

test('a chain is read-only, prints as its path, and is no function', async () => {
  const guest = await boot();
  const { value } = guest.run(`
    const chain = tools.supabase.from('t').select();
    console.log(chain, chain.eq);
    const throws = (f) => { try { f(); return false; } catch (e) { return e instanceof TypeError; } };
    return [String(chain), typeof JSON.stringify(chain), chain.eq === chain.eq, 'then' in chain, 'then' in chain.eq,
      throws(() => { 'use strict'; chain.then = 1; }), await chain().catch((e) => e.message)];`);
  assert.deepEqual(value, ['[tools.supabase.from.select]', 'undefined', true, true, false, true,
    'tools.supabase.from.select is not a method; call one of its methods: tools.supabase.from.select.name(…)']);
  assert.equal(guest.logs[0][1], '[tools.supabase.from.select] [tools.supabase.from.select.eq]');
});
