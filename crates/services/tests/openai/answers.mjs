// Makes calls of a server with the official client, and tells what comes back.
import { readFileSync } from 'node:fs';
import OpenAI from 'openai';

const { calls, settings } = JSON.parse(readFileSync(0, 'utf8'));
const client = new OpenAI({ maxRetries: 0, ...settings });

const gathered = (method, request) =>
  method === 'chat.completions.create'
    ? client.chat.completions.stream(request).finalChatCompletion()
    : client.responses.stream(request).finalResponse();

const call = (method, args) => {
  const path = method.split('.');
  const name = path.pop();
  const resource = path.reduce((object, step) => object[step], client);
  return resource[name](...args);
};

// The client's own helpers, which are no part of the answer.
const helpers = ['parsed', 'parsed_arguments', 'output_parsed', '_request_id'];
const plain = (value) => JSON.parse(JSON.stringify(value), (key, value) => (helpers.includes(key) ? undefined : value));

const answers = [];
for (const { method, args } of calls) {
  try {
    const answer = args[0]?.stream ? gathered(method, args[0]) : call(method, args);
    const value = await answer;
    // A page holds more than came over the wire; its data is what both sides have.
    answers.push({ value: plain(value?.body ?? value) });
  } catch ({ status, code, type, param }) {
    answers.push({ error: { status, code, type, param } });
  }
}

process.stdout.write(JSON.stringify(answers));
