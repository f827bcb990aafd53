// Labelled breaks and continues, switch with fall-through, loops that wait.
export async function runTask(input, tools) {
  const seen = [];
  outer: for (let i = 0; i < 5; i++) {
    for (let j = 0; ; j++) {
      if (j > i) continue outer;
      if (i === 3) break outer;
      switch (await tools.echo.n((i + j) % 3)) {
        case 0: seen.push('zero');
        case 1: seen.push('one'); break;
        default: seen.push('many'); continue outer;
      }
    }
  }
  let n = 0;
  do { n += await tools.echo.n(2); } while (n < 7);
  for (const key in Object.create({ inherited: 1 }, { own: { enumerable: true, value: 1 } })) seen.push(key);
  block: { if (n > 3) break block; seen.push('never'); }
  return [seen, n];
}
