// Chains of tools.supabase: kept half built over a suspension, shared, awaited twice and at the same time.
export default async function (input, tools) {
  const outcome = (chain) => chain.then((result) => ['ok', result], (error) => ['failed', error.service, error.method]);
  const table = tools.supabase.from('orders');
  const query = table.select('*', { count: 'exact' }).eq('customer', input);
  const kept = { later: table.insert([{ at: new Date(0), none: undefined, big: 10n }]) };
  await tools.sleep(5);
  query.order('at').limit(2);
  const both = await Promise.all([outcome(query), outcome(kept.later.select())]);
  await tools.sleep(5);
  const again = await outcome(query.maybeSingle());
  const users = await tools.database.auth.admin.listUsers({ page: 1 }).catch(() => 'refused').finally(() => tools.sleep(1));
  return [both, again, users, String(query)];
}
