// Makes the calls of a list with the official clients, and tells what they send to a server on loopback.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { Client as HubSpot } from '@hubspot/api-client';
import { Client as Notion } from '@notionhq/client';
import { Octokit } from '@octokit/rest';
import { WebClient } from '@slack/web-api';
import Stripe from 'stripe';

const { calls } = JSON.parse(readFileSync(0, 'utf8'));
const seen = [];

const server = createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const { pathname, search } = new URL(request.url, 'http://host');
  const { method, headers } = request;
  seen.push({ method, path: pathname, query: search.slice(1), headers, body: Buffer.concat(chunks).toString() });
  response.setHeader('content-type', 'application/json');
  response.end('{"ok":true}');
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const { port } = server.address();
const url = `http://127.0.0.1:${port}`;

const secret = (name) => `{{secret:${name}}}`;
const clients = {
  slack: new WebClient(secret('SLACK_BOT_TOKEN'), { slackApiUrl: `${url}/api/` }),
  github: new Octokit({ auth: secret('GITHUB_TOKEN'), baseUrl: url }),
  stripe: new Stripe(secret('STRIPE_SECRET_KEY'), { host: '127.0.0.1', port, protocol: 'http', telemetry: false }),
  notion: new Notion({ auth: secret('NOTION_TOKEN'), baseUrl: url }),
  hubspot: new HubSpot({ accessToken: secret('HUBSPOT_TOKEN'), basePath: url }),
};

const recorded = [];
for (const { service, method, official = method, args, officialArgs = args } of calls) {
  seen.length = 0;
  const path = official.split('.');
  const name = path.pop();
  const resource = path.reduce((object, step) => object[step], clients[service]);
  // JSON has no undefined. What a client makes of the short answer is not looked at.
  const given = officialArgs.map((arg) => arg ?? undefined);
  await Promise.resolve(resource[name](...given)).catch((error) => { if (seen.length === 0) throw error; });
  if (seen.length !== 1) throw new Error(`${service}.${official} sent ${seen.length} requests`);
  recorded.push({ service, method, args: JSON.stringify(args), request: seen[0] });
}

server.close();
server.closeAllConnections();
process.stdout.write(JSON.stringify(recorded));
