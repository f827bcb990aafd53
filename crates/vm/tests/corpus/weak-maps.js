// WeakMaps and WeakSets, and how the absence of WeakRef shows.
export async function runTask(input, tools) {
  const notes = new WeakMap();
  const marked = new WeakSet();
  const keys = Array.from({ length: 50 }, (_, i) => ({ i }));
  for (const key of keys) notes.set(key, { note: key.i * 2, back: key });
  for (let i = 0; i < keys.length; i += 2) marked.add(keys[i]);
  keys.splice(10, 30);
  await tools.sleep(1);
  for (let i = 0; i < 2000; i++) notes.set({}, { i });
  await tools.sleep(1);
  return [keys.map((key) => notes.get(key).note), keys.filter((key) => marked.has(key)).length, typeof WeakRef, typeof FinalizationRegistry];
}
