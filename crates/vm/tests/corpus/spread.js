// Spread and rest in calls, arrays, objects and parameters.
export async function runTask(input, tools) {
  const gather = (first, ...[second, ...rest]) => [first, second, rest.length];
  const list = [...'h\u00e9llo', ...new Set([1, 1, 2]), ...(await tools.echo.list([7, 8]))];
  const object = { a: 1, ...(await tools.echo.o({ b: 2, a: 3 })), ...null, ...'xy', c: 4 };
  const { a, ...others } = object;
  return [list, object, a, others, gather(...list), Math.max(...list.filter(Number.isFinite)), [, 1, , 2].length];
}
