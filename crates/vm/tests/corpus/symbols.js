// Symbols: registered, well-known, as keys, as protocols.
export async function runTask(input, tools) {
  const tag = Symbol('tag');
  const thing = {
    [tag]: 1,
    [Symbol.toPrimitive]: (hint) => (hint === 'number' ? 42 : 'thing:' + hint),
    get [Symbol.toStringTag]() { return 'Thing'; },
    *[Symbol.iterator]() { yield 1; yield 2; },
    static: Symbol.for('shared'),
  };
  await tools.sleep(1);
  const odd = { [Symbol.hasInstance]: (value) => value % 2 === 1 };
  return [
    +thing, `${thing}`, thing + '', Object.prototype.toString.call(thing), [...thing], thing.static === Symbol.for('shared'),
    Symbol.keyFor(thing.static), tag.description, await tools.echo.s(String(tag)), 3 instanceof odd, Object.getOwnPropertySymbols(thing).length,
  ];
}
