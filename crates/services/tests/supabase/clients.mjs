// The official clients, and our guest's side of the same chains.

import { createClient } from '../clients/node_modules/@supabase/supabase-js/dist/index.mjs';
import { PostgrestClient } from '../clients/node_modules/@supabase/postgrest-js/dist/index.mjs';
import { makeChains } from '../../../vm/guest/src/chain.js';

/** The client wants a WebSocket at hand for what is not compared here. */
class NoSocket {}

/** The official client of a Supabase project. */
export const official = (site, key, fetch) => createClient(site, key, {
  auth: { persistSession: false, autoRefreshToken: false },
  global: { fetch },
  realtime: { transport: NoSocket },
});

/** The official client of a PostgREST that stands alone. */
export const bare = (site, headers, fetch) => new PostgrestClient(site, { headers, fetch });

/** What a chain, written as text, comes to with this client. */
export const evaluate = (chain, db) => new Function('db', `return ${chain}`)(db);

/** What our guest hands to the host for a chain. */
export async function guestCall(chain) {
  const calls = [];
  const send = (service, method, args) => {
    calls.push({ service, method, args });
    return Promise.resolve(null);
  };
  await evaluate(chain, makeChains('supabase', send));
  if (calls.length !== 1) throw new Error(`${chain}: ${calls.length} calls`);
  return calls[0];
}
