// JSON: toJSON, replacers, revivers, indentation, odd numbers, __proto__ keys.
export async function runTask(input, tools) {
  class Money { constructor(n) { this.n = n; } toJSON(key) { return `${key}=${this.n}`; } }
  const sent = await tools.echo.o({ price: new Money(3), when: new Date(0), nothing: undefined, list: [undefined, () => 1, NaN, -0], nested: { price: new Money(4) } });
  const revived = JSON.parse('{"a":[1,2,{"b":"2020-01-01"}],"__proto__":{"polluted":true},"a2":1}', function (key, value) {
    return key === 'b' ? new Date(value).getTime() : Array.isArray(value) ? value.length : value;
  });
  const errors = [];
  for (const text of ['{', '[1,]', '"\u0001"', '01', '']) try { JSON.parse(text); } catch (error) { errors.push(error.name); }
  const cycle = {}; cycle.self = cycle;
  const refused = await tools.echo.o(cycle).catch((error) => error.name);
  return [sent, revived, Object.keys(revived), ({}).polluted ?? 'clean', JSON.stringify({ b: [1, { c: 2 }], a: '\u2028' }, ['b', 'c'], 1), JSON.stringify('\ud83d'), errors, refused, 1e21, 1 / 3];
}
