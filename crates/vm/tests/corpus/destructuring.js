// Destructuring with defaults that are evaluated in order, some of them waiting.
export async function runTask(input, tools) {
  const order = [];
  const next = (name, value) => (order.push(name), value);
  const { a = next('a', 1), b: { c = next('c', 2), ...d } = next('b', { e: 5 }), [next('key', 'f')]: g = await tools.echo.g(6) } = { a: undefined };
  const [h = next('h', 1), , i = h + 1, ...[j = next('j', 3)]] = [undefined, 9];
  let x = 1, y = 2;
  [x, y] = [y, x];
  ({ x, length: y } = { x: 'swapped', ...[1, 2], length: 2 });
  const f = async ({ n = next('n', 1) } = {}, [m = next('m', 2)] = []) => [n, await tools.echo.m(m)];
  for (const [key, { v = 0 }] of Object.entries({ p: { v: 1 }, q: {} })) order.push(key + v);
  return [a, c, d, g, h, i, j, x, y, await f(), order];
}
