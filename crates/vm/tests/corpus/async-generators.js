// Async generators, delegation to one another, and finally blocks that wait.
export async function runTask(input, tools) {
  const seen = [];
  async function* inner(name) {
    try {
      for (let i = 0; i < 3; i++) yield await tools.echo.item(name + i);
    } finally {
      seen.push(await tools.echo.item('closed ' + name));
    }
  }
  async function* outer() {
    yield* inner('x');
    const second = inner('y');
    yield (await second.next()).value;
    await second.return();
  }
  for await (const item of outer()) seen.push(item);
  const queue = inner('z');
  seen.push((await Promise.all([queue.next(), queue.next(), queue.next(), queue.next()])).map((step) => step.value ?? null));
  return seen;
}
