// A hand-written async iterator, left early so that its return method runs.
export async function runTask(input, tools) {
  const pages = {
    [Symbol.asyncIterator]() {
      let page = 0;
      return {
        next: async () => (page < 6 ? { value: await tools.echo.page(page++), done: false } : { value: undefined, done: true }),
        return: async () => (await tools.log('info', 'closed at ' + page), { done: true }),
      };
    },
  };
  const seen = [];
  for await (const page of pages) {
    if (page === 4) break;
    seen.push(page);
  }
  for await (const value of [1, tools.echo.x(2), Promise.resolve(3)]) seen.push(value);
  return seen;
}
