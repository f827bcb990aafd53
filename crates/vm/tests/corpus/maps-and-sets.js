// Maps and Sets changed while they are iterated, across waits.
export async function runTask(input, tools) {
  const map = new Map([['a', 1], [NaN, 2], [-0, 3], [{}, 4]]);
  const seen = [];
  for (const [key, value] of map) {
    seen.push(value);
    if (value < 12) map.set(await tools.echo.key(key + '!' + value), value * 3);
    if (value === 2) map.delete('a');
  }
  const set = new Set();
  for (const value of [1, 2, 3, 2, 1]) set.add(await tools.echo.v(value));
  const iterator = set.values();
  iterator.next();
  set.delete(2);
  await tools.sleep(5);
  set.add(9);
  seen.push([...iterator]);
  const grouped = Map.groupBy?.([1, 2, 3, 4], (n) => (n % 2 ? 'odd' : 'even'));
  return [seen, [...map.values()], map.get(NaN), map.get(0), [...set], grouped && [...grouped]];
}
