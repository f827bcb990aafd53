// Proxies with most traps, revocable ones, and a proxy in the prototype chain.
export async function runTask(input, tools) {
  const trace = [];
  const spy = (target) => new Proxy(target, Object.fromEntries(
    ['get', 'set', 'has', 'deleteProperty', 'ownKeys', 'getOwnPropertyDescriptor', 'defineProperty', 'getPrototypeOf'].map((trap) => [
      trap, (...args) => { trace.push(trap + ':' + (typeof args[1] === 'symbol' ? 'symbol' : args[1])); return Reflect[trap](...args); },
    ]),
  ));
  const object = spy({ a: 1, list: [3, 1, 2] });
  object.b = await tools.echo.x(object.a + 1);
  delete object.a;
  const keys = Object.keys(object);
  const below = Object.create(spy({ deep: true }));
  const answers = ['b' in object, below.deep, { ...object }, object instanceof Array, JSON.stringify(object)];
  const { proxy, revoke } = Proxy.revocable({ x: 1 }, {});
  await tools.sleep(1);
  revoke();
  try { proxy.x; } catch (error) { answers.push(error.name); }
  const callable = new Proxy(function () {}, { apply: (_, self, args) => args.length, construct: (_, args) => ({ made: args }) });
  return [answers, keys, callable(1, 2, 3), new callable('n'), trace];
}
