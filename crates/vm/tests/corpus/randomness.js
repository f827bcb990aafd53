// Math.random and crypto: values, UUIDs, digests and HMACs.
export async function runTask(input, tools) {
  const drawn = [];
  for (let i = 0; i < 5; i++) {
    drawn.push(Math.random(), crypto.randomUUID());
    await tools.sleep(1);
  }
  const bytes = crypto.getRandomValues(new Uint8Array(24));
  const data = new TextEncoder().encode(await tools.echo.t('digest me'));
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', data));
  const shuffled = [...'abcdefgh'].sort(() => Math.random() - 0.5).join('');
  return [drawn, [...bytes], [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join(''), shuffled];
}
