// Holds the types to what tasks write: compiled by `npm run check`, never run.

import type { Task, TaskConfig } from '../index';

export const config: TaskConfig = { timeout: '2h', retries: { attempts: 3, backoff: '1s', backoffMax: 60_000 } };

// @ts-expect-error a misspelt setting is noticed
export const misspelt: TaskConfig = { timout: '2h' };

export const runTask: Task<{ url: string }, number> = async (input, tools, { run }) => {
  tools.log('info', 'started', { run: run.id });
  tools.log.warn('careful');
  await tools.sleep('1h30m');
  await tools.sleepUntil(new Date());

  const answer = await tools.http.get<{ items: string[] }>(input.url, { headers: { authorization: tools.secret('TOKEN') } });
  const response = await fetch(input.url, { method: 'POST', body: 'x', signal: AbortSignal.timeout(1000) });
  const { total }: { total: number } = await response.json();

  const child = await tools.tasks.execute<{ count: number }>('count', answer.data.items);
  const approval = await tools.events.wait<{ approved: boolean }>('approval', { timeout: '1d' });
  await tools.openai.chat.completions.create({ model: 'small', messages: [] });
  await tools.anything.at.all();

  // @ts-expect-error a chat needs a model
  await tools.openai.chat.completions.create({ messages: [] });
  const { output_text }: { output_text: string } = await tools.openai.responses.create({ model: 'small', input: 'Hi' }, { provider: 'ollama' });
  const found = await tools.websearch.search({ query: output_text, limit: 3 });
  const few = await tools.websearch.search('news', 2);
  const page = await tools.websearch.fetchPage(found.results[0]?.url ?? few.results[0]?.url ?? input.url);
  await tools.slack.chat.postMessage({ channel: 'C1', text: page.title });
  await tools.github.issues.create({ owner: 'acme', repo: 'shop', title: 'Broken' });
  await tools.stripe.customers.upsert({ email: 'ada@example.com' });
  await tools.notion.pages.create({ parent: { database_id: 'd' }, properties: {} });
  await tools.hubspot.crm.deals.upsert({ idProperty: 'order', idValue: '7' });
  // @ts-expect-error Google is not asked
  await tools.websearch.search({ query: 'x', provider: 'google' });

  const { rows } = await tools.sql.query<{ n: number }>('select $1::int as n', [7], { timeoutMs: 500 });
  const [first] = await tools.sql.transaction([{ text: 'delete from t where id = $1', params: [rows[0]?.n ?? 0] }]);
  // @ts-expect-error a statement has a text
  await tools.sql.transaction([{ sql: `${first?.rowCount}` }]);
  const { messageId } = await tools.mail.send({ to: ['a@example.com', { address: 'b@example.com' }], text: 'x' });
  // @ts-expect-error a misspelt field is noticed
  await tools.mail.send({ to: 'a@example.com', body: messageId });

  const { users } = await tools.gapi.admin.users.list({ maxResults: 500 }, { all: true, limit: 2000 });
  const mails = await tools.gapi.gmail.users.messages.list({ userId: 'me', q: 'x' }, { impersonate: users?.[0]?.primaryEmail });
  const wanted = { userId: 'me', id: 'm1', metadataHeaders: ['Subject', 'From'] } as const;
  await tools.gapi.gmail.users.messages.get(wanted, { scopes: ['https://mail.google.com/'] as const });
  await tools.gapi.calendar.events.insert({ calendarId: 'primary', requestBody: {} }, { version: 'v3' });
  const parts = await tools.gapi.batch<{ id: string }>([{ method: 'drive.files.get', params: { fileId: 'x' } }]);
  const ids: string[] = parts.flatMap((part) => (part.ok ? [part.data.id] : []));
  // @ts-expect-error whose mailbox is not said
  await tools.gapi.gmail.users.messages.list({ q: mails.messages?.[0]?.id ?? ids[0] });
  // @ts-expect-error a misspelt option is noticed
  await tools.gapi.admin.domains.list({}, { al: true });

  // @ts-expect-error a duration is a number or text
  await tools.sleep({ minutes: 5 });

  return approval.approved ? child.count + total : 0;
};

export const digest: string = crypto.hash('sha256', 'text', 'hex');
export const timer: number = setTimeout((text: string) => console.log(text), 1000, 'late');

interface Order {
  id: number;
  total: number;
  note: string | null;
}

export const orders = async (tools: Tools): Promise<number> => {
  const query = tools.supabase.from<Order>('orders').select('*', { count: 'exact' }).eq('id', 7);
  query.order('total', { ascending: false }).limit(10);
  const { data, error, count } = await query;
  if (error) throw new Error(`${error.code}: ${error.message}`);
  const totals: number[] = data.map((order) => order.total);
  const [first, none] = await Promise.all([
    tools.supabase.from<Order>('orders').insert({ total: 3 }).select().single().throwOnError(),
    tools.database.schema('old').from<Order>('orders').select().eq('customers.name', 'Ada').maybeSingle(),
  ]);
  const id: number = first.data.id;
  const note: string | null | undefined = none.data?.note;
  const names = await tools.supabase.from('people').select<{ name: string }>('name').throwOnError();
  const sum = await tools.supabase.rpc<number>('sum', { values: totals }).throwOnError().catch(() => null);
  const { data: file } = await tools.supabase.storage.from('b').download('a.txt');
  const { data: users } = await tools.supabase.auth.admin.listUsers({ page: 2 });
  await tools.supabase.functions.invoke<{ done: boolean }>('mail', { body: { note, file: file?.text, users, names } });

  // @ts-expect-error a table is asked before it is filtered
  tools.supabase.from('orders').eq('id', 1);
  // @ts-expect-error a misspelt step is noticed
  tools.supabase.from('orders').select().equals('id', 1);
  // @ts-expect-error a column of another type
  tools.supabase.from<Order>('orders').insert({ total: 'three' });

  return id + (count ?? 0) + (sum?.data ?? 0) + names.data[0].name.length;
};

export const count = async ({ state }: Tools): Promise<number> => {
  const taken = await state.compareAndSet('lock', null, { by: 'me' });
  if (!taken.done) return (await state.get<number>('count')) ?? 0;
  const entry = await state.entry<number>('count');
  const { version } = await state.set('count', (entry?.value ?? 0) + 1);
  // @ts-expect-error a version is a number
  await state.compareAndSet('count', 'one', 2);
  return version + (await state.increment('count')) + Number(await state.delete('lock'));
};
