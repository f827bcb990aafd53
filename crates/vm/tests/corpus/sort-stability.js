// Stable sorts with comparators that lie, throw or have side effects.
export async function runTask(input, tools) {
  const people = Array.from({ length: 200 }, (_, i) => ({ i, age: (i * 37) % 10 }));
  people.sort((a, b) => a.age - b.age);
  const stable = people.every((p, at) => at === 0 || people[at - 1].age < p.age || people[at - 1].i < p.i);
  await tools.sleep(1);
  let asked = 0;
  const liar = [5, 3, 9, 1, 7].sort(() => (asked++ % 3) - 1);
  let thrown;
  try { [3, 2, 1].sort(() => { throw new Error('no'); }); } catch (error) { thrown = error.message; }
  const holes = [3, , undefined, 1].sort();
  return [stable, people.slice(0, 5).map((p) => p.i), liar.length, asked > 0, thrown, holes.length, 3 in holes, [10, 9, 1].sort(), (await tools.echo.l([2, 1])).toSorted?.()];
}
