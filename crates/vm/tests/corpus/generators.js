// Generators that are suspended in the middle while the run waits.
export async function runTask(input, tools) {
  function* walk(tree, depth = 0) {
    const got = yield [tree.name, depth];
    for (const child of tree.children ?? []) yield* walk(child, depth + 1);
    return got;
  }
  const tree = { name: 'a', children: [{ name: 'b', children: [{ name: 'c' }] }, { name: 'd' }] };
  const walker = walk(tree);
  const seen = [];
  let sent;
  for (;;) {
    const { value, done } = walker.next(sent);
    seen.push(value);
    if (done) break;
    sent = await tools.echo.value(value[0] + value[1]);
  }
  const early = walk(tree);
  early.next();
  seen.push(early.return('enough').value);
  try { early.throw(new Error('over')); } catch (error) { seen.push(error.message); }
  return seen;
}
