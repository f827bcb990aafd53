// Log lines of every kind: levels, directives, data, cycles, getters.
export async function runTask(input, tools) {
  console.log('plain %s %d %j %o', 'text', 42, { a: 1 }, [1, [2, [3, [4, [5, [6]]]]]]);
  const cycle = { name: 'cycle', get danger() { throw new Error('read'); } };
  cycle.self = cycle;
  console.warn(cycle, new Map([[1, new Set([2])]]), Symbol('s'), 10n, -0, [, 1], new Uint8Array(3));
  await tools.echo.x(1);
  tools.log('error', 'with data', { n: 1, when: new Date(0) });
  tools.log.debug('below');
  tools.log({ only: 'data' });
  console.log('\ud800 lone', '\u0000', 'x'.repeat(9000).length, tools.echo.x, class A {}, function f() {});
  console.assert(1 === 2, 'not equal');
  console.dir(new Proxy({}, { ownKeys() { throw new Error('trap'); } }));
  return null;
}
