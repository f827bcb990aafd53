/**
 * What older tasks do without going outside: sleep, keep keys, run others, write to the log.
 */
export default async function pastime(input) {
  if (input.depth === 0) return { id: typeof currentTaskRunId, depth: 0 };
  tools.log('info', 'begun', { depth: input.depth });
  await tools.sleep(5);
  await __callHostTool__('sleep', ['for'], [1]);
  await tools.keystore.setKey('notes', 'colour', 'red');
  await __callHostTool__('keystore', ['setKey'], ['notes', 'number', 7]);
  const kept = {
    colour: await __callHostTool__('keystore', ['getKey'], ['notes', 'colour']),
    number: await tools.keystore.getKey('notes', 'number'),
    missing: await tools.keystore.getKey('notes', 'missing'),
    has: await tools.keystore.hasKey('notes', 'colour'),
    keys: await tools.keystore.listKeys('notes'),
    isListed: (await tools.keystore.listNamespaces()).includes('notes'),
    time: typeof (await tools.keystore.getServerTime()),
    secret: await tools.keystore.getKey('global', 'OPENAI_API_KEY').catch((error) => error.code),
  };
  const child = await tools.tasks.execute('pastime', { depth: 0 });
  const other = await __callHostTool__('tasks', ['execute'], ['pastime', { depth: 0 }]);
  return { kept, child, other };
}
