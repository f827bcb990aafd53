/** Starts many runs at once and joins them, half of them in spite of failures. */
export async function runTask({ parts, failing }, tools) {
  const part = (number, fails) => tools.tasks.execute('part', { number, fails });
  const numbers = Array.from({ length: parts }, (_, number) => number);
  const half = parts / 2;
  const [squares, settled] = await Promise.all([
    Promise.all(numbers.slice(0, half).map((number) => part(number, false))),
    Promise.allSettled(numbers.slice(half).map((number) => part(number, number % failing === 0))),
  ]);
  return {
    squares: squares.reduce((sum, square) => sum + square, 0),
    fulfilled: settled.filter(({ status }) => status === 'fulfilled').map(({ value }) => value),
    rejected: settled.filter(({ status }) => status === 'rejected').map(({ reason }) => `${reason.name}: ${reason.message}`),
  };
}
