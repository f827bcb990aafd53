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

const failure = (message) => ({ name: 'ToolError', code: 'forbidden', message });

test('gmail-search goes on when a mailbox cannot be searched', async () => {
  const answer = async ({ method, args: [params, options] }) => {
    if (method === 'admin.domains.list') return { domains: [{ domainName: 'one.example' }] };
    if (method === 'admin.users.list') {
      const from = Number(params.pageToken ?? 0);
      const users = [from, from + 1].map((number) => ({ primaryEmail: `user${number}@${params.domain}` }));
      return { users, nextPageToken: String(from + 2) };
    }
    if (options.impersonate === 'user1@one.example') throw failure('no mailbox');
    if (method.endsWith('.list')) return options.impersonate === 'user2@one.example' ? {} : { messages: [{ id: 'm1' }, { id: 'm2' }], nextPageToken: 'x' };
    return { id: params.id, snippet: 'text', payload: { headers: [{ name: 'SUBJECT', value: `of ${options.impersonate}` }] } };
  };
  const input = { maxUsersPerDomain: 4, maxResultsPerUser: 2, pageSize: 2, mailboxesAtOnce: 2 };
  const { summary, domainResults: [{ users }], sampleMessages, executionInfo } = await resultOf('gmail-search.ts', input, answer);
  assert.deepEqual(summary, { totalDomains: 1, totalUsers: 4, totalMessagesFound: 4, searchQuery: 'is:unread' });
  assert.deepEqual(users.map(({ messages, error }) => error ?? messages.length), [2, 'no mailbox', 0, 2]);
  assert.deepEqual(sampleMessages.map(({ user, subject }) => [user, subject])[3], ['user3@one.example', 'of user3@one.example']);
  assert.deepEqual(executionInfo, { mailboxesAtOnce: 2, mailboxesNotSearched: 1 });
  assert.match((await runExample('gmail-search.ts', { pageSize: 0 })).finished.error.message, /input\.pageSize is from 1 to 500/);
});

test('gmail-search has so many mailboxes open at the same time, and no more', async () => {
  const { code } = await transform(await read('examples/gmail-search.ts'), { loader: 'ts' });
  const guest = await Guest.boot();
  guest.loadModule(code);
  guest.start({ mailboxesAtOnce: 3 });
  guest.fulfil(1, { domains: [{ domainName: 'one.example' }] });
  guest.fulfil(2, { users: Array.from({ length: 5 }, (_, number) => ({ primaryEmail: `user${number}@one.example` })) });
  const open = () => guest.calls.map(({ args: [, options] }) => options?.impersonate).filter(Boolean);
  assert.deepEqual(open(), ['user0@one.example', 'user1@one.example', 'user2@one.example']);
  guest.fulfil(4, {});
  assert.deepEqual(open().slice(3), ['user3@one.example']);
});

test('bulk-user-search tells which users could not be searched', async () => {
  const answer = ({ args: [task, input] }) => {
    if (task === 'user-list') return { users: [{ email: 'a@x', suspended: false }, { email: 'b@x', suspended: true }, { email: 'c@x', suspended: false }] };
    if (input.user === 'c@x') throw failure('closed');
    return { user: input.user, messages: [1, 2] };
  };
  assert.deepEqual(await resultOf('bulk-user-search.ts', {}, answer), {
    users: 3, messages: 2, found: [{ user: 'a@x', messages: [1, 2] }], failed: [{ user: 'c@x', error: 'closed' }],
  });
});

test('gmail-user-search reads in batches of a hundred', async () => {
  const sizes = [];
  const answer = ({ method, args: [params] }) => {
    if (method !== 'batch') return { messages: Array.from({ length: 150 }, (_, number) => ({ id: `m${number}` })) };
    sizes.push(params.length);
    return params.map(({ params: { id } }) => (id === 'm7' ? { ok: false, status: 404, error: { message: 'gone' } } : { ok: true, status: 200, data: { id } }));
  };
  const { messages } = await resultOf('gmail-user-search.ts', { user: 'a@x', limit: 150 }, answer);
  assert.deepEqual([sizes, messages.length, messages[7].id], [[100, 50], 149, 'm8']);
});

test('blog-generator writes without pages, and says why nothing was written', async () => {
  const answer = (said) => ({ service, method }) => {
    if (method === 'search') return { results: [{ url: 'https://x/', title: 'X' }] };
    if (service === 'websearch') throw failure('gone');
    return { choices: [{ finish_reason: 'stop', message: said }], usage: { total_tokens: 5 } };
  };
  const post = await resultOf('blog-generator.ts', { topic: 't', model: 'm' }, answer({ content: 'a post' }));
  assert.deepEqual(post, { content: 'a post', sources: [], metadata: { topic: 't', model: 'm', pagesFound: 1, pagesRead: 0, tokens: 10 } });
  const { finished } = await runExample('blog-generator.ts', { topic: 't' }, answer({ content: null, refusal: 'I will not' }));
  assert.match(finished.error.message, /gpt-4o-mini wrote nothing: I will not/);
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
