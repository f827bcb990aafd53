// Getters and setters with side effects, on objects and prototypes, and defineProperty.
export async function runTask(input, tools) {
  let reads = 0;
  const source = { get next() { return ++reads; }, set next(value) { reads = value; }, get lazy() {
    const value = { at: reads };
    Object.defineProperty(this, 'lazy', { value, enumerable: true });
    return value;
  } };
  const copy = { ...source };
  const { next, lazy } = source;
  await tools.echo.it(source.next);
  source.next = 100;
  const child = Object.create(source, { own: { get: () => reads * 2, enumerable: true } });
  return [copy, next, lazy, child.next, child.own, Object.keys(child), source.lazy === lazy, reads, JSON.stringify(source)];
}
