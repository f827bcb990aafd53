// Runs chains by the official client against the server whose address and key are its arguments. First it prints the
// list of chains with what our guest hands to the host for each; then, for each number that it reads, the result.

import { createInterface } from 'node:readline';
import { bare, evaluate, guestCall, official } from './clients.mjs';
import { chains, plain } from './database_chains.mjs';

const [site, key] = process.argv.slice(2);
const project = official(site, key);
const alone = bare(site, { Authorization: `Bearer ${key}` });

const all = [...chains.map(([chain, wants]) => ({ chain, wants, isPlain: false })), ...plain.map(([chain, wants]) => ({ chain, wants, isPlain: true }))];

const print = (value) => process.stdout.write(JSON.stringify(value) + '\n');

async function result({ chain, isPlain }) {
  try {
    return { ok: await evaluate(chain, isPlain ? alone : project) };
  } catch (error) {
    const { name, message, code, details, hint } = error;
    return { thrown: { name, message, code, details, hint } };
  }
}

const list = [];
for (const entry of all) list.push({ wants: null, ...entry, guest: await guestCall(entry.chain) });
print(list);
for await (const line of createInterface({ input: process.stdin })) print(await result(all[Number(line)]));
