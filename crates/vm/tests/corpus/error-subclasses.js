// Error subclasses with causes, aggregate errors, stacks; may throw.
export async function runTask(input, tools) {
  class AppError extends Error {
    constructor(message, options) { super(message, options); this.name = 'AppError'; this.code = 'app'; }
  }
  class DeepError extends AppError { get [Symbol.toStringTag]() { return 'Deep'; } }
  const work = async (n) => {
    try {
      return await tools.flaky.work(n);
    } catch (cause) {
      throw new DeepError('work ' + n, { cause });
    }
  };
  const outcomes = [];
  for (let i = 0; i < 4; i++) outcomes.push(await work(i).then(() => 'ok', (e) => [e.name, e.cause.code, e instanceof AppError, String(e)]));
  tools.log('warn', 'errors', new AggregateError([new Error('one'), new AppError('two')], 'many'));
  console.error(new DeepError('logged', { cause: new RangeError('inner') }));
  if (outcomes.includes('ok')) return outcomes;
  throw new AppError('all failed', { cause: new DeepError('inner') });
}
