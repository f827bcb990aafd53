/** Keeps what it sees of time and chance in the keystore and in its heap: both must be the same in the end. */
export async function runTask({ rounds }, tools, { run }) {
  const own = [];
  for (let round = 0; round < rounds; round++) {
    const bytes = [...crypto.getRandomValues(new Uint8Array(8))];
    const value = [Date.now(), Math.random(), crypto.randomUUID(), bytes];
    await tools.keystore.set(`ambient/${run.id}/${round}`, value);
    own.push(value);
    if (round % 2 === 1) await tools.sleep(2);
  }
  const kept = await Promise.all(own.map((_, round) => tools.keystore.get(`ambient/${run.id}/${round}`)));
  return { own, kept };
}
