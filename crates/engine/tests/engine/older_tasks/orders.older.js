/** Chains of the database: on tools, by the host-call global with lists, and as lists of steps. */
module.exports = async function (input, { tools }) {
  const { data, error } = await tools.database
    .from('orders')
    .select('*')
    .eq('state', 'open')
    .order('ordered_at', { ascending: false })
    .limit(input.limit);
  if (error) throw new Error(error.message);
  const inserted = await __callHostTool__('supabase', ['from', 'insert', 'select', 'single'], [['orders'], [{ item: 7 }], [], []]);
  const updated = await __callHostTool__('database', 'chain', [
    [
      { type: 'call', property: 'from', args: ['orders'] },
      { type: 'call', property: 'update', args: [{ state: 'closed' }] },
      { type: 'call', property: 'in', args: ['id', [1, 2]] },
      { type: 'call', property: 'select', args: ['id'] },
    ],
  ]);
  const users = await __callHostTool__('database', ['auth', 'admin', 'listUsers'], [null, null, [{ page: 2 }]]);
  return [data, inserted, updated, users];
};
