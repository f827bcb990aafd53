/** Sleeps again and again; what it has gathered so far lives only in its heap. */
export async function runTask({ naps, seed }, tools) {
  const seen = new Map();
  let state = seed;
  for (let nap = 0; nap < naps; nap++) {
    state = (state * 48271) % 2147483647;
    const ms = 1 + (state % 30);
    if (nap % 3 === 2) await new Promise((done) => setTimeout(done, ms));
    else await tools.sleep(ms);
    seen.set(ms, (seen.get(ms) ?? 0) + 1);
  }
  return { state, seen: [...seen] };
}
