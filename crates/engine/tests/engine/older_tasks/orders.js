export async function runTask({ limit }, { supabase }) {
  const orders = supabase.from('orders');
  const { data } = await orders.select('*').eq('state', 'open').order('ordered_at', { ascending: false }).limit(limit);
  const inserted = await orders.insert({ item: 7 }).select().single();
  const updated = await orders.update({ state: 'closed' }).in('id', [1, 2]).select('id');
  return [data, inserted, updated, await supabase.auth.admin.listUsers({ page: 2 })];
}
