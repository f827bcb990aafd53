// Timers, console, encodings, URL, crypto, events: what the prelude adds to the global scope.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Guest } from './guest.mjs';

const boot = () => Guest.boot();
const valueOf = async (body) => {
  const finished = (await boot()).run(body);
  assert.ok(finished?.ok, JSON.stringify(finished));
  return finished.value;
};

test('the global scope has what it should and nothing of the bridge', async () => {
  const guest = await boot();
  const names = guest.eval('Object.getOwnPropertyNames(globalThis)');
  for (const name of ['tools', 'fetch', 'URL', 'URLSearchParams', 'TextEncoder', 'TextDecoder', 'structuredClone', 'atob', 'btoa', 'crypto',
    'AbortController', 'AbortSignal', 'Event', 'EventTarget', 'setTimeout', 'setInterval', 'clearTimeout', 'clearInterval',
    'queueMicrotask', 'performance', 'console', 'Headers', 'Request', 'Response', 'ToolError', '__callHostTool__']) assert.ok(names.includes(name), name);
  assert.deepEqual(names.filter((name) => /host_|prelude|WeakRef|FinalizationRegistry/.test(name)), []);
  assert.deepEqual(guest.eval('Object.keys(globalThis)'), ['performance']);
});

test('a timer is a pending call', async () => {
  const guest = await boot();
  guest.run("return new Promise((done) => setTimeout((a, b) => done([a, b]), 1500, 'a', 'b'));");
  assert.deepEqual(guest.calls, [{ number: 1, service: 'sleep', method: 'timer', args: [1500] }]);
  guest.fulfil(1, null);
  assert.deepEqual(guest.finished.value, ['a', 'b']);
});

test('an interval goes on until it is cleared', async () => {
  const guest = await boot();
  guest.run('let n = 0; return new Promise((done) => { const id = setInterval(() => { if (++n === 3) { clearInterval(id); done(n); } }, 10); });');
  guest.fulfil(1).fulfil(2).fulfil(3);
  assert.equal(guest.finished.value, 3);
  assert.deepEqual(guest.cancelled, [4]);
});

test('a cleared timer is cancelled once and never fires', async () => {
  const guest = await boot();
  guest.run("const id = setTimeout(() => console.log('fired'), 'soon'); clearTimeout(id); clearTimeout(id); clearTimeout(undefined); clearTimeout({});");
  guest.fulfil(1);
  assert.deepEqual([guest.cancelled, guest.logs, guest.calls[0].args], [[1], [], [0]]);
});

test("a callback's error is logged", async () => {
  const guest = await boot();
  guest.run("setTimeout(() => { throw new Error('oops'); }, 1);");
  guest.fulfil(1);
  assert.equal(guest.logs[0][0], 'error');
  assert.match(guest.logs[0][1], /oops/);
});

test('console formats', async () => {
  const guest = await boot();
  guest.run(`
    console.log('%s is %d%%', 'x', 4.5, 'rest', [1, 'a', , null, undefined]);
    const o = { a: { b: { c: { d: { e: { f: 1 } } } } }, f() {}, get g() { throw 1 } }; o.self = o;
    console.warn(o);
    console.error(new Map([['k', new Set([1])]]), new Date(0), new Uint8Array([1, 2]), /x/g, -0, 1n, Symbol('s'), class A {}, tools.http);
    console.debug('x'.repeat(9000));
    console.info(new Proxy({}, { ownKeys() { throw 1 } }));
    console.trace('here');
    console.error(new TypeError('bad'));`);
  const [formatted, nested, kinds, long, hostile, trace, error] = guest.logs.map(([, text]) => text);
  assert.equal(formatted, "x is 4.5% rest [ 1, 'a', <empty>, null, undefined ]");
  assert.match(nested, /d: \{ e: \[Object\] \}/);
  assert.match(nested, /self: \[Circular\]/);
  assert.match(nested, /g: \[Getter\]/);
  assert.equal(kinds, "Map(1) { 'k' => Set(1) { 1 } } 1970-01-01T00:00:00.000Z Uint8Array(2) [ 1, 2 ] /x/g -0 1n Symbol(s) [class: A] [tools.http]");
  assert.ok(long.length < 8100);
  assert.match(long, /1000 more characters/);
  assert.match(hostile, /cannot be printed/);
  assert.match(trace, /^Trace: here\n {4}at task \(task\.js/);
  assert.match(error, /^TypeError: bad\n {4}at task \(task\.js/);
  assert.deepEqual(guest.logs.map(([level]) => level), ['info', 'warn', 'error', 'debug', 'info', 'debug', 'error']);
});

test('URL', async () => {
  assert.deepEqual(
    await valueOf(`
      const u = new URL('../b?x=1&x=2#h', 'HTTPS://User@EXÄMPLE.com:443/a/c/');
      u.searchParams.append('y', 'ä b');
      return [u.href, u.origin, u.searchParams.getAll('x'), String(new URLSearchParams({ a: '1', b: '&' })), URL.canParse('nope'), new URL('http://0x7f.1/').host, new URL('https://FAẞ.de').host, new URL('https://xn--exmple-cua.com').host, URL.canParse('https://xn--a.com')];`),
    ['https://User@xn--exmple-cua.com/a/b?x=1&x=2&y=%C3%A4+b#h', 'https://xn--exmple-cua.com', ['1', '2'], 'a=1&b=%26', false, '127.0.0.1', 'xn--fa-hia.de', 'xn--exmple-cua.com', false],
  );
});

test('text encodings', async () => {
  assert.deepEqual(
    await valueOf(`
      const bytes = [...new TextEncoder().encode('é€😀')];
      let fatal; try { new TextDecoder('utf-8', { fatal: true }).decode(new Uint8Array([255])); } catch (e) { fatal = e.name; }
      const stream = new TextDecoder();
      return [bytes, new TextDecoder().decode(new Uint8Array([0xef, 0xbb, 0xbf, ...bytes])), new TextDecoder('utf-16le').decode(new Uint8Array([0xac, 0x20])),
        new TextDecoder('latin1').decode(new Uint8Array([0xe9])), fatal, stream.decode(new Uint8Array(bytes.slice(0, 3)), { stream: true }) + stream.decode(new Uint8Array(bytes.slice(3))),
        new TextDecoder().decode(new Uint8Array([0x61, 0xff]))];`),
    [[195, 169, 226, 130, 172, 240, 159, 152, 128], 'é€😀', '€', 'é', 'TypeError', 'é€😀', 'a\ufffd'],
  );
});

test('structuredClone keeps kinds and cycles', async () => {
  assert.deepEqual(
    await valueOf(`
      const o = { d: new Date(5), m: new Map([[1, { a: 1n }]]), s: new Set(['x']), r: /a/gi, b: new Uint8Array([1, 2]).buffer, t: new Uint16Array([7]), e: new RangeError('no'), u: undefined };
      o.self = o;
      const c = structuredClone(o);
      let refused; try { structuredClone(() => 1); } catch (e) { refused = e.name; }
      return [c !== o, c.self === c, c.d.getTime(), c.m.get(1).a === 1n, c.s.has('x'), String(c.r), c.b.byteLength, c.t instanceof Uint16Array && c.t[0], c.e instanceof Error && c.e.message, 'u' in c, refused];`),
    [true, true, 5, true, true, '/a/gi', 2, 7, 'no', true, 'DataCloneError'],
  );
});

test('crypto', async () => {
  assert.deepEqual(
    await valueOf(`
      const hex = (buffer) => [...new Uint8Array(buffer)].map((b) => b.toString(16).padStart(2, '0')).join('');
      const bytes = (t) => new TextEncoder().encode(t);
      const key = await crypto.subtle.importKey('raw', bytes('key'), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign', 'verify']);
      const signature = await crypto.subtle.sign('HMAC', key, bytes('msg'));
      const random = crypto.getRandomValues(new Uint8Array(4));
      return [crypto.hash('sha256', 'abc', 'hex'), hex(await crypto.subtle.digest('SHA-1', bytes('abc'))), (await crypto.subtle.digest('SHA-512', bytes(''))).byteLength,
        crypto.hmac('SHA-256', 'key', 'msg', 'hex') === hex(signature), await crypto.subtle.verify('HMAC', key, signature, bytes('msg')),
        await crypto.subtle.verify('HMAC', key, signature, bytes('other')), [...random], crypto.randomUUID(), Math.random(),
        crypto.hash('sha384', 'x', 'base64').length, JSON.stringify(key).includes('key')];`),
    ['ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad', 'a9993e364706816aba3e25717850c26c9cd0d89d', 64, true, true, false,
      [1, 35, 69, 103], '01234567-89ab-4def-8123-456789abcdef', 0.25, 64, false],
  );
});

test('events and abort signals', async () => {
  assert.deepEqual(
    await valueOf(`
      const seen = [];
      const target = new EventTarget(); target.addEventListener('x', (e) => seen.push(e.type)); target.dispatchEvent(new Event('x'));
      const a = new AbortController(), b = new AbortController(); const any = AbortSignal.any([a.signal, b.signal]);
      any.addEventListener('abort', () => seen.push('any')); any.onabort = () => seen.push('on');
      b.abort('why'); b.abort('again');
      let thrown; try { any.throwIfAborted(); } catch (e) { thrown = e; }
      let direct; try { new AbortSignal(); } catch (e) { direct = e.name; }
      return [seen, any.reason, thrown, a.signal.aborted, AbortSignal.abort().reason.name, direct];`),
    [['x', 'on', 'any'], 'why', 'why', false, 'AbortError', 'TypeError'],
  );
});

test('AbortSignal.timeout is a durable timer', async () => {
  const guest = await boot();
  guest.run("const s = AbortSignal.timeout(50); return new Promise((done) => s.addEventListener('abort', () => done(s.reason.name)));");
  guest.fulfil(1);
  assert.equal(guest.finished.value, 'TimeoutError');
});
