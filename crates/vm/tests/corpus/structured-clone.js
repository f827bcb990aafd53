// structuredClone of graphs with cycles, Maps, Dates, typed arrays and errors.
export async function runTask(input, tools) {
  const graph = { date: new Date(0), map: new Map([['k', new Set([1])]]), bytes: new Uint8Array([1, 2]), re: /x/gi, big: 10n, error: new RangeError('r') };
  graph.self = graph;
  const copy = structuredClone(graph);
  await tools.sleep(1);
  copy.map.get('k').add(2);
  const refused = [];
  for (const value of [() => 1, Symbol('s'), { f() {} }]) try { structuredClone(value); } catch (error) { refused.push(error.name); }
  return [copy.self === copy, copy !== graph, copy.date.getTime(), graph.map.get('k').size, [...copy.map.get('k')], [...copy.bytes], String(copy.re), String(copy.big), copy.error.name, refused];
}
