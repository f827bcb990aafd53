// Promise.all, allSettled, race and any over calls that come back in any order.
export async function runTask(input, tools) {
  const calls = (n) => Array.from({ length: n }, (_, i) => tools.flaky.call(i));
  const text = (value) => JSON.stringify(value)?.slice(0, 40) ?? 'undefined';
  const settled = await Promise.allSettled(calls(6));
  const all = await Promise.all(calls(3)).then(text, (error) => 'failed ' + error.code);
  const raced = await Promise.race(calls(4)).then(text, (error) => 'failed ' + error.message);
  const any = await Promise.any(calls(3)).then(text, (error) => error.name + error.errors.length);
  const none = await Promise.any([]).catch((error) => error.constructor.name);
  const { promise, resolve } = Promise.withResolvers?.() ?? {};
  resolve?.(tools.echo.late('late'));
  return [settled.map((s) => s.status[0] + text(s.value)), all, raced, any, none, await promise];
}
