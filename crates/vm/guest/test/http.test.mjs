// fetch and tools.http.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Guest } from './guest.mjs';

const answer = { status: 200, statusText: 'OK', url: 'https://a.test/', headers: [['Content-Type', 'application/json'], ['X', '1']], body: '{"a":1}' };

async function exchange(body, outcome = answer) {
  const guest = await Guest.boot();
  guest.run(body);
  guest.fulfil(1, outcome);
  assert.ok(guest.finished?.ok, JSON.stringify(guest.finished));
  return { request: guest.calls[0].args[0], value: guest.finished.value, call: guest.calls[0] };
}

test('fetch is the call http.fetch', async () => {
  const { call, value } = await exchange(`
    const r = await fetch(new URL('https://a.test/'), { method: 'post', headers: { A: 'b', authorization: tools.secret('K') }, body: 'x', redirect: 'manual', timeoutMs: 5 });
    const copy = r.clone();
    const first = await r.json();
    let twice; try { await r.text(); } catch (e) { twice = e.name; }
    return [r.ok, r.status, r.statusText, r.url, r.headers.get('x'), [...r.headers.keys()], first, twice, r.bodyUsed, await copy.text()];`);
  assert.deepEqual([call.service, call.method, call.args], ['http', 'fetch', [{
    url: 'https://a.test/', method: 'POST', body: 'x', redirect: 'manual', timeoutMs: 5,
    headers: { a: 'b', authorization: '{{secret:K}}', 'content-type': 'text/plain;charset=UTF-8' },
  }]]);
  assert.deepEqual(value, [true, 200, 'OK', 'https://a.test/', '1', ['content-type', 'x'], { a: 1 }, 'TypeError', true, '{"a":1}']);
});

test('bytes go and come as base64', async () => {
  const { request, value } = await exchange(
    `const r = await fetch('https://a.test', { method: 'PUT', body: new Uint8Array([0, 255]) });
     return [[...(await r.clone().bytes())], (await r.arrayBuffer()).byteLength];`,
    { status: 206, statusText: '', url: '', headers: [], bodyBase64: '//4=' },
  );
  assert.equal(request.bodyBase64, 'AP8=');
  assert.deepEqual(value, [[255, 254], 2]);
});

test('a form says what it is; an object as a body is refused', async () => {
  const { request } = await exchange("await fetch('u', { method: 'POST', body: new URLSearchParams({ a: 1 }) });");
  assert.equal(request.body, 'a=1');
  assert.match(request.headers['content-type'], /x-www-form-urlencoded/);
  const { error } = (await Guest.boot()).run("await fetch('u', { method: 'POST', body: {} });");
  assert.match(error.message, /JSON\.stringify/);
});

test('an abort cancels the call', async () => {
  const guest = await Guest.boot();
  guest.run(`
    const c = new AbortController();
    const p = fetch('u', { signal: c.signal });
    await null; await null; c.abort();
    try { await p; } catch (e) { return e.name; }`);
  assert.deepEqual(guest.cancelled, [1]);
  assert.equal(guest.finished.value, 'AbortError');
  const early = await Guest.boot();
  assert.equal(early.run("await fetch('u', { signal: AbortSignal.abort() });").error.name, 'AbortError');
  assert.deepEqual(early.calls, []);
});

test('a signal that aborts after the answer does nothing', async () => {
  const guest = await Guest.boot();
  guest.run("const c = new AbortController(); await tools.http.get('u', { signal: c.signal }); c.abort();");
  guest.fulfil(1, answer);
  assert.deepEqual([guest.cancelled, guest.finished.ok], [[], true]);
});

test('a Request may be fetched', async () => {
  const { request } = await exchange("await fetch(new Request('u', { method: 'PATCH', body: 'b', headers: [['h', '1']] }), { headers: { h: '2' } });");
  assert.deepEqual([request.url, request.method, request.body, request.headers.h], ['u', 'PATCH', 'b', '2']);
});

test('tools.http.post sends JSON and reads JSON', async () => {
  const { request, value } = await exchange("const { data, status, headers, ok } = await tools.http.post('u', { k: tools.secret('K'), n: 1 }); return { data, status, headers, ok };");
  assert.deepEqual(request, { url: 'u', method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"k":"{{secret:K}}","n":1}' });
  assert.deepEqual(value, { data: { a: 1 }, status: 200, ok: true, headers: { 'content-type': 'application/json', x: '1' } });
});

test('tools.http.get gives text otherwise, and does not throw for a status', async () => {
  const { request, value } = await exchange(
    "const { data, ok, status } = await tools.http.get('u', { timeoutMs: 9 }); return { data, ok, status };",
    { ...answer, status: 404, headers: [['content-type', 'text/plain']], body: 'gone' },
  );
  assert.deepEqual([request.method, request.timeoutMs], ['GET', 9]);
  assert.deepEqual(value, { data: 'gone', ok: false, status: 404 });
});

test('a failed request shows where it was made', async () => {
  const guest = await Guest.boot();
  guest.run("await tools.http.get('u');");
  guest.fail(1, { name: 'ToolError', message: 'refused', code: 'connect' });
  assert.match(guest.finished.error.stack, /^ {4}at task \(task\.js:2/);
});
