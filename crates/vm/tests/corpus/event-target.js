// EventTarget and custom events that start calls.
export async function runTask(input, tools) {
  const target = new EventTarget();
  const seen = [];
  const waits = [];
  target.addEventListener('work', (event) => { seen.push(event.type); waits.push(tools.echo.x(seen.length)); });
  target.addEventListener('work', { handleEvent(event) { seen.push(this === event.target); event.stopImmediatePropagation(); } });
  target.addEventListener('work', () => seen.push('never'));
  for (let i = 0; i < 3; i++) target.dispatchEvent(new Event('work'));
  return [seen, (await Promise.all(waits)).sort()];
}
