// Deeply nested objects, arrays, functions and JSON.
export async function runTask(input, tools) {
  let nested = 0;
  for (let i = 0; i < 150; i++) nested = i % 2 ? [nested] : { ['k' + i]: nested };
  const back = await tools.echo.deep(nested);
  let call = () => 'bottom';
  for (let i = 0; i < 150; i++) { const inner = call; call = () => inner(); }
  await tools.sleep(1);
  let chain = Object.create(null);
  for (let i = 0; i < 100; i++) chain = Object.create(chain, { ['p' + i]: { value: i } });
  return [JSON.stringify(back) === JSON.stringify(nested), call(), chain.p0, chain.p99, [1, [2, [3, [4]]]].flat(Infinity)];
}
