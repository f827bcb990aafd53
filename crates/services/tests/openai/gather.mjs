// Feeds streams to the official client and tells what it makes of them: the final object or the error.
import { readFileSync } from 'node:fs';
import OpenAI from 'openai';

const { streams } = JSON.parse(readFileSync(0, 'utf8'));

// The client's own helpers for parsing, which are no part of the answer.
const withoutHelpers = (value) =>
  JSON.parse(JSON.stringify(value), (key, value) =>
    ['parsed', 'parsed_arguments', 'output_parsed'].includes(key) && value === null ? undefined : value,
  );

const gathered = [];
for (const { method, request, text } of streams) {
  const fetch = async () => new Response(text, { headers: { 'content-type': 'text/event-stream' } });
  const client = new OpenAI({ apiKey: 'none', maxRetries: 0, fetch });
  try {
    const value =
      method === 'chat.completions.create'
        ? await client.chat.completions.stream(request).finalChatCompletion()
        : await client.responses.stream(request).finalResponse();
    gathered.push({ value: withoutHelpers(value) });
  } catch (error) {
    const { message, code = null, type = null } = error;
    gathered.push({ error: { message, code, type } });
  }
}

process.stdout.write(JSON.stringify(gathered));
