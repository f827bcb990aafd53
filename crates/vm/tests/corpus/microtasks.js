// The order of microtasks: queueMicrotask, then, await and thenables mixed.
export async function runTask(input, tools) {
  const order = [];
  const note = (name) => () => { order.push(name); };
  queueMicrotask(note('micro 1'));
  Promise.resolve().then(note('then 1')).then(note('then 2')).finally(note('finally'));
  (async () => { order.push('sync'); await null; order.push('await 1'); await { then: (go) => go() }; order.push('await thenable'); })();
  queueMicrotask(() => queueMicrotask(note('micro nested')));
  const call = tools.echo.x(1).then(note('call'));
  await call;
  await Promise.all([tools.echo.a().then(note('a')), tools.echo.b().then(note('b'))]);
  return [order.slice(0, -2), order.slice(-2).sort()];
}
