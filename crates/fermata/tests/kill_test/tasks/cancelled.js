/** Never ends by itself; cleans up outside when it is cancelled. */
export const config = { retries: { attempts: 100, backoff: 10, backoffMax: 100 } };

export async function runTask({ url, parts }, tools, { run }) {
  const naps = Array.from({ length: parts }, (_, number) => tools.tasks.execute('nap', { ms: 20 * (number + 1) }));
  try {
    await Promise.all([tools.events.wait('never'), tools.sleep('1h'), ...naps]);
  } finally {
    await tools.http.post(url, { run: run.id, step: 'clean up' });
    await tools.sleep(3);
    await tools.http.post(url, { run: run.id, step: 'clean up more' });
  }
}
