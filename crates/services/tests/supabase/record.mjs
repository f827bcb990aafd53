// Prints, as JSON, what the official client sends for each chain and what our guest hands to the host for it, and
// what the official client makes of each canned response.

import { bare, evaluate, guestCall, official } from './clients.mjs';
import { others, queries } from './chains.mjs';
import { results } from './results.mjs';

const SITE = 'https://project.example.com';
const BARE = 'https://rest.example.com/api';

/** A fetch that answers everything in the same way and keeps what it was asked. */
function recorder(canned = { status: 200, body: '{}' }) {
  const requests = [];
  const fetch = async (url, { method = 'GET', headers, body } = {}) => {
    const bytes = body === undefined || body === null ? null : Buffer.from(body);
    requests.push({ method, url: new URL(url).href, headers: Object.fromEntries(new Headers(headers)), body: bytes?.toString('base64') ?? null });
    const empty = [101, 204, 205, 304].includes(canned.status) || method === 'HEAD';
    return new Response(empty ? null : canned.body, { status: canned.status, statusText: canned.statusText, headers: canned.headers });
  };
  return { requests, fetch };
}

const clients = {
  [SITE]: (fetch) => official(SITE, 'KEY', fetch),
  [BARE]: (fetch) => bare(BARE, {}, fetch),
};

/** A function's result without what cannot be handed to a task: the response itself. */
function withoutResponse({ response, ...result }) {
  if (response !== undefined && result.error) result.error = { name: result.error.name, message: result.error.message };
  return result;
}

async function compared(chain, site) {
  const { requests, fetch } = recorder();
  await evaluate(chain, clients[site](fetch));
  return { chain, site, requests, guest: await guestCall(chain) };
}

async function read({ chain, ...response }) {
  const canned = { statusText: '', headers: {}, ...response };
  const outcome = await Promise.resolve(evaluate(chain, clients[SITE](recorder(canned).fetch))).then(
    (value) => ({ ok: withoutResponse(value) }),
    (error) => ({ thrown: { name: error.name, message: error.message, code: error.code } }),
  );
  return { chain, response: canned, guest: await guestCall(chain), ...outcome };
}

// The official client waits between its own attempts; here every answer is taken as the last.
const settle = globalThis.setTimeout;
globalThis.setTimeout = (callback, _ms, ...args) => settle(callback, 0, ...args);

const requests = [];
for (const chain of [...queries, ...others]) requests.push(await compared(chain, SITE));
for (const chain of queries) requests.push(await compared(chain, BARE));
const outcomes = [];
for (const result of results) outcomes.push(await read(result));
process.stdout.write(JSON.stringify({ requests, results: outcomes }));
