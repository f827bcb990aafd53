// Thenables of all kinds: late, twice, throwing, and promises of subclasses.
export async function runTask(input, tools) {
  const late = { then(resolve) { tools.echo.x('late').then(resolve); } };
  const twice = { then(resolve, reject) { resolve('first'); reject(new Error('second')); resolve('third'); throw new Error('fourth'); } };
  const throwing = { then() { throw new RangeError('thrown'); } };
  class Lazy extends Promise { static get [Symbol.species]() { return Promise; } }
  const lazy = new Lazy((resolve) => resolve(tools.echo.x('lazy')));
  return [await late, await twice, await Promise.resolve(throwing).catch((error) => error.name), await lazy.then((v) => v + '!'), lazy.then().constructor.name, await Promise.all([late, twice, 3])];
}
