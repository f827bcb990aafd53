// Reflect, property descriptors, sealing and freezing, species.
export async function runTask(input, tools) {
  class Base { constructor() { this.made = new.target.name; } }
  class Other {}
  const made = Reflect.construct(Base, [], Other);
  const object = { b: 1, a: 2, 10: 'x', 2: 'y', [Symbol('s')]: 3 };
  await tools.sleep(1);
  Object.defineProperty(object, 'hidden', { value: 4, enumerable: false });
  const sealed = Object.seal({ x: 1 });
  const frozen = Object.freeze([1, 2]);
  class List extends Array { static get [Symbol.species]() { return Array; } }
  const list = List.of(1, 2, 3);
  return [
    made instanceof Other, made.made, Reflect.ownKeys(object).map(String), Object.getOwnPropertyDescriptor(object, 'hidden'),
    Reflect.set(sealed, 'x', 2), Reflect.set(sealed, 'y', 2), Reflect.deleteProperty(sealed, 'x'), Reflect.set(frozen, 0, 9),
    list.map((n) => n).constructor.name, list.constructor.name, Reflect.apply(Math.max, null, [1, 5, 2]),
    Object.entries(Object.getOwnPropertyDescriptors(await tools.echo.o({ q: 1 }))),
  ];
}
