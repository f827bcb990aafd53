// Destructuring and spreading custom iterators, and when their return is called.
export async function runTask(input, tools) {
  const closed = [];
  const counter = (name, end = 5) => ({ [Symbol.iterator]() { let n = 0; return { next: () => ({ value: n++, done: n > end }), return() { closed.push(name); return {}; } }; } });
  const [a, b] = counter('destructured');
  const all = [...counter('spread')];
  for (const n of counter('broken')) if (n === 2) break;
  try { for (const n of counter('thrown')) if (await tools.echo.n(n)) throw new Error('x'); } catch { closed.push('caught'); }
  const early = await (async () => { for (const n of counter('returned')) { await tools.sleep(1); return n; } })();
  const map = new Map(counter('entries', 0));
  return [a, b, all, early, map.size, closed];
}
