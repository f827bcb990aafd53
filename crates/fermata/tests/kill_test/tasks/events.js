/** Waits for what is sent to it, in an order of its own, and in vain for what is not. */
export async function runTask({ names, nap }, tools) {
  const got = [];
  for (const name of names) {
    if (nap > 0) await tools.sleep(nap);
    got.push(await tools.events.wait(name));
    got.push(await tools.events.wait('never', { timeout: 2 }).catch((error) => error.code));
  }
  return got;
}
