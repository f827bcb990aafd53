// Closures over loop variables and shared state that lives across waits.
export async function runTask(input, tools) {
  const counters = [];
  for (let i = 0; i < 4; i++) {
    let count = i * 10;
    counters.push({ up: async (by) => (count += await tools.echo.number(by)), read: () => count, i: () => i });
  }
  for (const { up } of counters) await up(3);
  await Promise.all(counters.map(({ up }, i) => up(i)));
  return counters.map(({ read, i }) => [i(), read()]);
}
