// AbortController and AbortSignal, with listeners and a timer that aborts.
export async function runTask(input, tools) {
  const controller = new AbortController();
  const { signal } = controller;
  const events = [];
  signal.addEventListener('abort', () => events.push('listener ' + signal.reason), { once: true });
  signal.onabort = () => events.push('onabort');
  const aborted = new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  setTimeout(() => controller.abort('too slow'), 5);
  const won = await Promise.race([aborted, tools.echo.x('call').then(() => tools.sleep('1d')).then(() => 'slept')]).catch((reason) => reason);
  let thrown;
  try { signal.throwIfAborted(); } catch (reason) { thrown = reason; }
  const at = AbortSignal.abort();
  return [typeof won, events.length > 0 || !signal.aborted, thrown ?? 'none', at.aborted, at.reason.name];
}
