enum Colour { Red = 'red', Green = 'green' }

class Tally<Key> {
  readonly #counts = new Map<Key, number>();
  add(key: Key): this {
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    return this;
  }
  *[Symbol.iterator](): Iterator<[Key, number]> {
    yield* this.#counts;
  }
}

async function* countdown(from: number, tools: Tools): AsyncGenerator<number> {
  for (let left = from; left > 0; left--) {
    await tools.sleep(1);
    yield left;
  }
}

/** Generators, classes, big integers and timers that are cleared, over many suspensions. */
export default async function (input: { from: number }, tools: Tools): Promise<unknown> {
  const tally = new Tally<Colour>();
  let product = 1n;
  for await (const left of countdown(input.from, tools)) {
    const late = setTimeout(() => tally.add(Colour.Red), 60_000);
    product *= BigInt(left);
    tally.add(left % 2 ? Colour.Red : Colour.Green);
    clearTimeout(late);
  }
  return { product: `${product}`, tally: [...tally] };
}
