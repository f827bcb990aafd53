// try, catch and finally around waits, with returns and throws that override each other.
export async function runTask(input, tools) {
  const trace = [];
  async function attempt(kind) {
    try {
      trace.push('try ' + kind);
      if (kind === 'throw') throw new Error('thrown');
      if (kind === 'call') await tools.flaky.work(kind);
      if (kind === 'return') return await tools.echo.r('returned');
      return 'end';
    } catch (error) {
      trace.push('catch ' + error.name);
      if (kind === 'throw') throw new TypeError('again', { cause: error });
      return 'caught';
    } finally {
      trace.push('finally ' + (await tools.echo.f(kind)));
      if (kind === 'override') return 'overridden';
    }
  }
  const results = [];
  for (const kind of ['plain', 'return', 'call', 'throw', 'override', 'call']) {
    results.push(await attempt(kind).catch((error) => `${error.name} because ${error.cause.message}`));
  }
  label: try { results.push('in'); break label; } finally { results.push(await tools.echo.f('out')); }
  return [results, trace];
}
