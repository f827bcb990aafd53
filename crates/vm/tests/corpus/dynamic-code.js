// eval and new Function, whose code lives in the heap across waits.
export async function runTask(input, tools) {
  const make = new Function('a', 'b', 'return async (tools) => (await tools.echo.x(a)) + b');
  const indirect = (0, eval)('(() => { globalThis.planted = 5; return (n) => n * planted; })()');
  const local = 7;
  const direct = eval('local + 1');
  const sum = await make(3, 4)(tools);
  const AsyncFunction = (async () => {}).constructor;
  const waited = await new AsyncFunction('tools', 'for (let i = 0; i < 3; i++) await tools.echo.x(i); return i2 = 9;')(tools).catch((error) => error.name);
  let syntax;
  try { eval('let let = 1'); } catch (error) { syntax = error.name; }
  return [sum, indirect(3), direct, waited, syntax, typeof planted, make.toString().length];
}
