// Makes the calls of a list with the official client, and tells what it would have sent.
import { readFileSync } from 'node:fs';
import OpenAI from 'openai';

const { calls, settings } = JSON.parse(readFileSync(0, 'utf8'));
const recorded = [];

for (const { method, args } of calls) {
  let request;
  const fetch = async (url, { method, headers, body }) => {
    const { pathname, search } = new URL(url);
    request = { method, path: pathname, query: search.slice(1), headers: Object.fromEntries(new Headers(headers)), body };
    return new Response('{}', { headers: { 'content-type': 'application/json' } });
  };
  const client = new OpenAI({ apiKey: '{{secret:OPENAI_API_KEY}}', maxRetries: 0, fetch, ...settings });
  const path = method.split('.');
  const name = path.pop();
  const resource = path.reduce((object, step) => object[step], client);
  // What the client makes of the empty answer is not looked at.
  await Promise.resolve(resource[name](...args)).catch(() => {});
  if (request === undefined) throw new Error(`${method} sent nothing`);
  recorded.push({ method, args: JSON.stringify(args), request });
}

process.stdout.write(JSON.stringify(recorded));
