// Rejections that nobody handles, late handlers, and errors thrown in microtasks of others.
export async function runTask(input, tools) {
  Promise.reject(new Error('nobody'));
  const lateHandled = Promise.reject(new Error('late'));
  tools.flaky.ignored('forgotten');
  await tools.sleep(1);
  const caught = await lateHandled.catch((error) => error.message);
  tools.echo.x(1).then(() => { throw new Error('in a reaction'); });
  await tools.sleep(1);
  return caught;
}
