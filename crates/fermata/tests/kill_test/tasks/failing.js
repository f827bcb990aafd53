/** Fails with the first of its parts that fails, while others are still under way. */
export async function runTask({ parts }, tools) {
  const part = (number) => tools.tasks.execute('part', { number, fails: number === 3 });
  return await Promise.all(Array.from({ length: parts }, (_, number) => part(number)));
}
