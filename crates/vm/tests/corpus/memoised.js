// Promises kept in a cache and awaited by several waiters.
export async function runTask(input, tools) {
  const cache = new Map();
  const get = (key) => {
    if (!cache.has(key)) cache.set(key, tools.flaky.fetch(key).catch((error) => { cache.delete(key); throw error; }));
    return cache.get(key);
  };
  const tries = [];
  for (let round = 0; round < 3; round++) {
    const settled = await Promise.allSettled(['a', 'b', 'a', 'b', 'a'].map(get));
    tries.push(settled.map((s) => s.status[0]).join(''), cache.size);
  }
  return tries.map((t) => typeof t);
}
