// Much garbage and cycles between waits, so that memory is collected and reused.
export async function runTask(input, tools) {
  let kept = [];
  for (let round = 0; round < 8; round++) {
    for (let i = 0; i < 3000; i++) {
      const a = { i, text: 'x'.repeat(i % 50) };
      const b = { a };
      a.b = b;
      if (i % 500 === 0) kept.push(a);
    }
    kept = kept.filter((_, at) => at % 3 !== round % 3);
    await tools.echo.round(round);
  }
  return kept.map(({ i, b }) => [i, b.a.i === i]);
}
