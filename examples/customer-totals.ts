// The keystore needs the address of a PostgREST as the value `POSTGREST_URL`, and the name of the secret that holds
// its token as the value `POSTGREST_SECRET` (or `SUPABASE_URL` and `SUPABASE_SERVICE_ROLE_KEY` of a Supabase project):
//
//   echo https://rest.example.com | fermata keystore set POSTGREST_URL --kind value
//   echo DATABASE_TOKEN | fermata keystore set POSTGREST_SECRET --kind value
//   fermata keystore set DATABASE_TOKEN --host rest.example.com --task customer-totals
//   fermata publish examples/customer-totals.ts
//   fermata run customer-totals --input '{ "pageSize": 100 }'
//
// The database needs the tables `orders (id, customer, amount, state)` and `totals (customer primary key, orders,
// amount)`, and a function `sum_of_totals()` that returns the sum of the second one's amounts.

/**
 * Sums up the open orders of each customer and keeps the totals in a table, by the customer's key: a run that has to
 * begin anew writes the same rows once more.
 *
 * @param {object} input
 * @param {integer} [input.pageSize=500] How many orders are read at once.
 * @returns {Promise<{ customers: number, orders: number, amount: number }>} How many customers and orders there are,
 *   and what the database makes of the totals that it holds.
 */
export async function runTask(input: Input, tools: Tools): Promise<Summary> {
  const { pageSize = 500 } = input ?? {};
  const totals = new Map<string, Total>();
  let orders = 0;
  let last = 0;
  let page: Order[];
  do {
    const { data } = await tools.supabase
      .from('orders')
      .select('id, customer, amount')
      .eq('state', 'open')
      .gt('id', last)
      .order('id')
      .limit(pageSize)
      .throwOnError();
    page = data as Order[];
    for (const { customer, amount } of page) {
      const total = totals.get(customer) ?? { customer, orders: 0, amount: 0 };
      totals.set(customer, { customer, orders: total.orders + 1, amount: total.amount + amount });
    }
    orders += page.length;
    // On from a key: orders that are closed meanwhile move nobody to another page.
    last = page.at(-1)?.id ?? last;
  } while (page.length === pageSize);

  await tools.supabase.from('totals').upsert([...totals.values()], { onConflict: 'customer' }).throwOnError();
  const { data: amount } = await tools.supabase.rpc('sum_of_totals').throwOnError();
  tools.log.info(`${orders} open orders of ${totals.size} customers come to ${amount}`);
  return { customers: totals.size, orders, amount: amount as number };
}

interface Input {
  pageSize?: number;
}

interface Order {
  id: number;
  customer: string;
  amount: number;
}

interface Total {
  customer: string;
  orders: number;
  amount: number;
}

interface Summary {
  customers: number;
  orders: number;
  amount: number;
}
